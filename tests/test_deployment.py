"""compose.yaml, the image and systemd's units: what can be checked of them without running a container.

They name real settings with values that are allowed, commands that exist, files that are there.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import cli
from config.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "aktenwerk"]
UNITS = sorted((ROOT / "docs" / "systemd").iterdir())
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


def filled(text: str) -> str:
    """A value as compose fills it in where ``.env`` holds a secret for every variable."""
    return VARIABLE.sub(lambda found: "secret" if found[2] is None else found[2], text)


def sub_commands() -> set[str]:
    return set(typer.main.get_command(cli.app).commands)


def akten_calls(text: str) -> list[list[str]]:
    """Every ``akten …`` in a text, up to the line's end."""
    found = re.findall(r"(?:^|[ /'\"`])akten ([a-z]+[^\n`'\"#]*)", text)
    return [shlex.split(one.replace("(", " ").replace(")", " ")) for one in found]


class TestCompose:
    @pytest.mark.parametrize("name", OURS)
    def test_its_variables_are_settings_with_values_that_are_allowed(self, name, tmp_path, monkeypatch):
        environment = {key: filled(str(value)) for key, value in SERVICES[name]["environment"].items()}
        known = set(re.findall(r"`(AKTEN_\w+)`", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
        assert set(environment) <= known
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        settings = load_settings(tmp_path)
        assert settings.ledger.url == "postgresql://akten:secret@ledger/akten"
        assert settings.queue.url == "redis://:secret@queue:6379/0"
        assert settings.objects.endpoint == "objects:8333"
        assert settings.workers == 2

    def test_one_service_keeps_the_index_and_all_else_is_the_same(self):
        own = {name: dict(SERVICES[name]["environment"]) for name in OURS}
        kept = {name: one.pop("AKTEN_INDEX__HERE") for name, one in own.items()}
        assert kept == {"index": "true", "worker": "false"}
        assert own["index"] == own["worker"]

    def test_its_hosts_are_services(self):
        text = " ".join(str(value) for name in OURS for value in SERVICES[name]["environment"].values())
        hosts = set(re.findall(r"@([a-z]+)[/:]", text)) | {"objects"}
        assert hosts == set(SERVICES) - set(OURS)
        assert hosts == set(SERVICES["worker"]["depends_on"])

    @pytest.mark.parametrize("name", SERVICES)
    def test_every_service_is_watched_started_again_and_reached_from_inside_only(self, name):
        service = SERVICES[name]
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"
        assert service["networks"] == ["inside"]
        assert "ports" not in service
        assert COMPOSE["networks"]["inside"] == {"internal": True}
        assert service["security_opt"] == ["no-new-privileges:true"]

    @pytest.mark.parametrize("name", OURS)
    def test_ours_run_as_nobody_in_particular_and_change_nothing_but_their_data(self, name):
        service = SERVICES[name]
        assert (service["user"], service["read_only"], service["cap_drop"]) == ("10001:10001", True, ["ALL"])
        assert any("/data" in str(volume) for volume in service["volumes"])

    def test_its_secrets_come_from_outside_and_the_example_names_them_all(self):
        text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        used = {found[1] for found in VARIABLE.finditer(text)}
        example = (ROOT / ".env.example").read_text(encoding="utf-8")
        named = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.M))
        assert used == set(named)
        assert all(":?" in found[0] for found in VARIABLE.finditer(text) if "PASSWORD" in found[1])
        assert not any(value for name, value in named.items() if "PASSWORD" in name or "SECRET" in name)

    def test_every_volume_that_is_used_is_declared(self):
        mounts = [str(one) for service in SERVICES.values() for one in service.get("volumes", [])]
        used = {mount.partition(":")[0] for mount in mounts if mount[0] not in "/$"}
        assert used == set(COMPOSE["volumes"])

    def test_images_are_pinned_and_name_no_registry(self):
        for name in set(SERVICES) - set(OURS):
            image, _, tag = SERVICES[name]["image"].partition(":")
            assert "." not in image
            assert tag[0].isdigit()

    def test_its_commands_are_ours(self):
        text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        assert {SERVICES[name]["command"][1] for name in OURS} <= sub_commands()
        assert {call[0] for call in akten_calls(text)} <= sub_commands()
        assert {SERVICES[name]["healthcheck"]["test"][2] for name in OURS} <= sub_commands()


class TestImage:
    TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")

    def test_what_it_copies_is_there_and_not_left_out(self):
        left_in = [
            line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
        ]
        copied = [part for line in re.findall(r"^COPY (.+)", self.TEXT, re.M) for part in line.split()[:-1]]
        for path in copied:
            assert (ROOT / path).exists()
            assert any(Path(path).match(pattern) for pattern in left_in), path

    def test_it_has_every_package_of_ours(self):
        """Or a command would miss its module only in the container."""
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        packages = {
            name.partition(".")[0]
            for name in re.findall(
                r'"([a-z.]+)"', re.search(r"^packages = \[(.*?)\]", project, re.M | re.S)[1]
            )
        }
        assert packages <= set(re.findall(r"^COPY (\w+) ", self.TEXT, re.M))

    def test_its_debian_packages_are_those_of_the_list(self):
        """They are read from it, by the very words of script/bootstrap."""
        taken = re.search(r"sed -E '(.*?)' script/debian-packages.txt", self.TEXT)
        assert taken
        assert f"sed -E '{taken[1]}'" in (ROOT / "script/bootstrap").read_text()
        done = subprocess.run(
            ["sed", "-E", taken[1], ROOT / "script/debian-packages.txt"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert {"tesseract-ocr", "poppler-utils", "python3-venv"} <= set(done.stdout.split())

    def test_it_runs_as_the_user_that_compose_names(self):
        assert "--uid 10001" in self.TEXT
        assert re.search(r"^USER akten$", self.TEXT, re.M)


class TestUnits:
    @pytest.mark.parametrize(
        "unit", [one for one in UNITS if one.suffix == ".service"], ids=lambda one: one.name
    )
    def test_its_command_is_ours(self, unit):
        text = unit.read_text(encoding="utf-8")
        (line,) = re.findall(r"^ExecStart=(.*)$", text, re.M)
        (call,) = akten_calls(line)
        assert call[0] in sub_commands()
        options = {
            option
            for parameter in typer.main.get_command(cli.app).commands[call[0]].params
            for option in parameter.opts
        }
        assert {word for word in call if word.startswith("-")} <= options
        assert "User=akten" in text
        if call[0] in ("work", "watch"):
            assert "Restart=on-failure" in text
            assert "SuccessExitStatus=4" in text

    def test_every_timer_has_its_service(self):
        names = {one.name for one in UNITS}
        assert {one.with_suffix(".service").name for one in UNITS if one.suffix == ".timer"} <= names

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
    @pytest.mark.parametrize("unit", UNITS, ids=lambda one: one.name)
    def test_systemd_understands_it(self, unit, tmp_path):
        """With the path of the command here, since systemd looks whether it is there."""
        program = shutil.which("true")
        for one in UNITS:
            text = one.read_text(encoding="utf-8").replace(
                "/usr/local/lib/aktenwerk/.venv/bin/akten", str(program)
            )
            (tmp_path / one.name).write_text(text, encoding="utf-8")
        name = unit.name.replace("@.", "@srv-eingang.")
        if "@" in unit.name:
            (tmp_path / name).symlink_to(unit.name)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / name],
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in done.stderr.splitlines() if "akten" in line]
        assert (done.returncode, ours) == (0, [])
