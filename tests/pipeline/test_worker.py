"""A worker forks for every task: what is loaded in such a process is loaded again for every page."""

import subprocess
import sys
from pathlib import Path

from tests.office import open_office, page

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from pathlib import Path
from config import wiring
from config.settings import load_settings
from pipeline import jobs
from storage.ledger import work

print(*(name for name in ("alembic", "fontTools", "reportlab", "minio", "rich") if name in sys.modules))
settings = load_settings(Path(sys.argv[1]))
jobs.classifier(settings.document_types)
jobs.engine(settings).warm_up("deu")
loaded = set(sys.modules)
with wiring.open_context(settings, migrate=False) as ctx:
    while True:
        with ctx.ledger.read() as tx:
            tasks = work.open_tasks(tx, 10)
        if not tasks:
            break
        for task in tasks:
            jobs.STEPS[task.step](ctx, task.id)
print(*sorted(set(sys.modules) - loaded))
"""


def test_tasks_load_nothing_that_the_worker_has_not_loaded(tmp_path):
    (tmp_path / "scans").mkdir()
    page("Eins").save(tmp_path / "scans" / "33_1.jpg", dpi=(150, 150))
    with open_office(tmp_path / "data") as office:
        office.take(tmp_path / "scans")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "data"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["", ""]
