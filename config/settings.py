"""Settings: ``defaults.toml`` < ``akten.toml`` in the data folder < ``AKTEN_*`` < flags. Frozen."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from errors import N_, BadSetting, Param
from ocr.options import OcrOptions
from pipeline.product.options import ProductOptions
from pipeline.scans.source import Limits

DEFAULTS = Path(__file__).parent / "defaults.toml"
#: Where everything is kept when neither ``--data`` nor ``AKTEN_DATA`` says otherwise.
DEFAULT_DATA = Path("akten-data")


#: pydantic's most frequent reasons in our words; a reason's fields are pydantic's.
_REASONS = {
    "literal_error": N_("one of {expected} is expected"),
    "bool_parsing": N_("true or false is expected"),
    "int_parsing": N_("a whole number is expected"),
    "int_from_float": N_("a whole number is expected"),
    "float_parsing": N_("a number is expected"),
    "string_type": N_("a text is expected"),
    "string_pattern_mismatch": N_("a text that matches {pattern} is expected"),
    "greater_than": N_("more than {gt} is expected"),
    "greater_than_equal": N_("at least {ge} is expected"),
    "less_than_equal": N_("at most {le} is expected"),
    "extra_forbidden": N_("there is no such setting"),
}
#: What the numbers may be; beyond, a setting is a slip of the pen.
_RANGES: Mapping[str, tuple[float, float]] = {
    "ocr.dpi": (70, 1200),
    "ocr.time_limit": (1, 280),
    "limits.max_megapixels": (1, 10_000),
    "limits.max_pages": (1, 1_000_000),
    "limits.max_file_mb": (1, 1_000_000),
    "limits.render_seconds": (1, 280),
    "limits.reader_memory_mb": (200, 1_000_000),
    "limits.reader_seconds": (1, 280),
    "limits.reader_file_mb": (10, 1_000_000),
    "watch.settle_seconds": (0.1, 3600),
}
#: Names of Tesseract's models joined by "+"; they become part of a command.
_LANGUAGE = re.compile(r"[A-Za-z][\w/-]*(\+[A-Za-z][\w/-]*)*")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileSettings(_Section):
    """How file numbers look."""

    number_pattern: str


class LedgerSettings(_Section):
    """Where the ledger is kept."""

    url: str
    secure: bool


class QueueSettings(_Section):
    """Which queue server is used, and how many workers."""

    url: str
    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    workers: int = Field(ge=0, le=256)


class IndexSettings(_Section):
    """Whether the search index is kept in this data folder."""

    here: bool


class ObjectSettings(_Section):
    """Where originals, products and word boxes are kept."""

    store: Literal["folder", "s3"]
    folder: str
    endpoint: str
    bucket: str
    access_key: str
    secret_key: SecretStr
    region: str
    secure: bool
    prefix: str
    cache_mb: int = Field(ge=100)


class WatchSettings(_Section):
    """How hot folders are looked after."""

    settle_seconds: float


class LogSettings(_Section):
    """Where the log goes, and how much is in it."""

    to: Literal["file", "stderr"]
    level: Literal["info", "warning", "error"]


class Settings(BaseSettings):
    """All settings; what each means stands in ``defaults.toml``."""

    model_config = SettingsConfigDict(
        env_prefix="AKTEN_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    data: Path
    language: Literal["auto", "de", "en"]
    authority: str
    document_types: str
    files: FileSettings
    ocr: OcrOptions
    limits: Limits
    product: ProductOptions
    ledger: LedgerSettings
    queue: QueueSettings
    index: IndexSettings
    objects: ObjectSettings
    watch: WatchSettings
    log: LogSettings

    @property
    def ledger_url(self) -> str:
        """The ledger's address, SQLAlchemy's form."""
        return self.ledger.url or f"sqlite:///{self.data.resolve() / 'ledger.db'}"

    @property
    def objects_folder(self) -> Path:
        """Where a folder store lies."""
        return Path(self.objects.folder) if self.objects.folder else self.data / "objects"

    @property
    def log_file(self) -> Path | None:
        """The log's file; None when it goes to standard error."""
        return self.data / "log" / "akten.jsonl" if self.log.to == "file" else None

    @property
    def workers(self) -> int:
        """How many workers ``akten run`` and ``akten work`` start."""
        return self.queue.workers or len(os.sched_getaffinity(0))


def load_settings(data: Path | None = None) -> Settings:
    """Read all settings for a data folder (default: ``AKTEN_DATA``, else ``akten-data`` here).

    Raises ``BadSetting`` naming the setting.
    """
    folder = data or Path(os.environ.get("AKTEN_DATA") or DEFAULT_DATA)
    own = folder / "akten.toml"

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            own_settings = TomlConfigSettingsSource(settings_cls, own)
            return (
                init_settings,
                env_settings,
                own_settings,
                TomlConfigSettingsSource(settings_cls, DEFAULTS),
            )

    try:
        return _sensible(Layered(data=folder.absolute()))
    except ValidationError as error:
        raise _bad_setting(dict(error.errors()[0])) from error
    except SettingsError as error:  # a whole section given as one variable that is no JSON
        raise BadSetting(name="AKTEN_*", detail=str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(name=str(own), detail=N_("no TOML: {said}"), said=str(error)) from error
    except OSError as error:
        raise BadSetting(name=str(own), detail=error.strerror or str(error)) from error


def _bad_setting(first: dict[str, Any]) -> BadSetting:
    fields: dict[str, Param] = {
        name: value for name, value in first.get("ctx", {}).items() if isinstance(value, str | int | float)
    }
    if "expected" in fields:
        fields["expected"] = str(fields["expected"]).replace(" or ", ", ")
    name = ".".join(str(part) for part in first["loc"])
    return BadSetting(**{**fields, "name": name, "detail": _REASONS.get(first["type"], first["msg"])})


def _sensible(settings: Settings) -> Settings:
    """The settings, if they can be meant; raises ``BadSetting``."""
    for name, (lowest, highest) in _RANGES.items():
        section, field = name.split(".")
        value = getattr(getattr(settings, section), field)
        if not lowest <= value <= highest:
            detail = N_("{value} is not between {lowest} and {highest}")
            raise BadSetting(name=name, detail=detail, value=value, lowest=lowest, highest=highest)
    for name, value in (("language", settings.ocr.language), ("languages", settings.ocr.languages)):
        if not _LANGUAGE.fullmatch(value) and (value or name == "language"):
            raise BadSetting(name=f"ocr.{name}", detail=N_("expected is 'deu', or several as 'deu+eng'"))
    try:
        re.compile(settings.files.number_pattern)
    except re.error as error:
        detail = N_("no regular expression: {said}")
        raise BadSetting(name="files.number_pattern", detail=detail, said=str(error)) from error
    return settings
