"""What `docker/` says holds: files that exist, settings that are known, commands that there are."""

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pcrs.cli import app
from pcrs.settings import load, shipped
from tests.patience import PATIENCE_S

DOCKER = Path(__file__).resolve().parents[1] / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yml").read_text(encoding="utf-8"))
SECRETS = ("PASSWORD", "SECRET", "KEY")


def test_services_are_built_of_what_is_there():
    volumes = set(COMPOSE["volumes"])
    for name, service in COMPOSE["services"].items():
        if "build" in service:
            context = DOCKER / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).is_file()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in volumes or (DOCKER / source).is_file(), (name, source)
        for port in service.get("ports", ()):
            assert "127.0.0.1:" in port, f"{name} is open to the world by default"


def test_containers_of_ours_can_do_little():
    for name in ("pcrs", "upkeep", "scheduler", "worker", "nginx"):
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    dockerfile = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER pcrs$", dockerfile, re.MULTILINE)
    assert "HEALTHCHECK" in dockerfile


def test_no_secret_has_a_default():
    for service in COMPOSE["services"].values():
        for key, value in (service.get("environment") or {}).items():
            if any(word in key for word in SECRETS):
                assert re.fullmatch(r"\$\{\w+:-\}", value), key


def test_settings_in_the_environment_are_settings():
    environment = {key: "" for key in COMPOSE["services"]["pcrs"]["environment"] if key.startswith("PCRS_")}
    environment["PCRS_SERVE__PUBLIC_URL"] = "https://pcrs.example.fr"
    assert load(shipped("config/pcrs.toml"), environment).serve.public_url == "https://pcrs.example.fr"


def test_what_the_image_copies_is_in_the_repository():
    for line in (DOCKER / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (DOCKER.parent / source).exists(), source


def test_the_nightly_upkeep_gives_commands_that_there_are(tmp_path):
    log = tmp_path / "log"
    fake = tmp_path / "bin" / "pcrs"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexit 1\n')
    fake.chmod(0o755)
    dump = fake.with_name("pg_dump")
    dump.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/dumped\n')
    dump.chmod(0o755)
    (tmp_path / "site" / "backups").mkdir(parents=True)
    environment = {
        "PCRS_DATABASE": "postgresql:///pcrs",
        "PATH": f"{fake.parent}:{os.environ['PATH']}",
        "PCRS_SITE": str(tmp_path / "site"),
        "PCRS_UPKEEP_ONCE": "1",
    }
    command = ["sh", DOCKER / "upkeep.sh"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=PATIENCE_S)
    said = log.read_text(encoding="utf-8").splitlines()
    assert len(said) == 6
    (dumped,) = (tmp_path / "dumped").read_text(encoding="utf-8").splitlines()
    options = "--no-comments -N public -Fc -f "
    assert re.fullmatch(rf"{options}\S+/site/backups/[\d-]+\.dump postgresql:///pcrs", dumped)
    for line in said:
        words = [word for word in line.split() if not word.startswith(("-", "/", "1"))]
        shown = CliRunner().invoke(app, [*words, "--help"])
        assert shown.exit_code == 0, (line, shown.output)
        for option in re.findall(r"--[a-z-]+", line):
            assert option in shown.output


@pytest.mark.parametrize("unit", sorted((DOCKER / "systemd").iterdir()), ids=lambda path: path.name)
def test_units_are_whole(unit):
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(unit, encoding="utf-8")
    assert parser["Unit"]["Description"]
    if unit.suffix == ".service":
        assert parser["Service"]["User"] == "pcrs"
        assert parser["Service"]["NoNewPrivileges"] == "yes"
        assert "/srv/pcrs" in parser["Service"]["ExecStart"]
    else:
        assert parser["Timer"]["OnCalendar"]
    analyze = shutil.which("systemd-analyze")
    if analyze:
        done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
        assert "Unknown" not in done.stderr


def test_what_the_document_makes_of_the_nginx_configuration_fits_one_machine(tmp_path):
    """The commands of "From a bare Debian" are taken from the document, and given what they would change."""
    block = (DOCKER / "README.md").read_text(encoding="utf-8").partition("<!-- production -->")[2]
    commands = block.split("```")[1].removeprefix("sh").replace("\\\n", " ").splitlines()
    site, made = tmp_path / "pcrs.toml", tmp_path / "nginx.conf"
    site.write_text(shipped("config/pcrs.toml").read_text(encoding="utf-8"), encoding="utf-8")
    for command in commands:
        if command.startswith("sed "):
            here = command.replace("/srv/pcrs/site/pcrs.toml", str(site)).replace(
                "/etc/nginx/nginx.conf", str(made)
            )
            subprocess.run(["sh", "-euc", here], cwd=DOCKER.parent, check=True, timeout=60)
    text = re.sub("#.*", "", made.read_text(encoding="utf-8"))
    assert "server 127.0.0.1:8046 " in text
    assert "/dev/" not in text
    assert "/tmp/" not in text
    settings = load(site, {})
    assert settings.store.features == "postgresql:///pcrs?host=/var/run/postgresql"
    assert (settings.serve.workers, settings.serve.proxies) == (2, ("127.0.0.1",))
    assert settings.serve.public_url == "http://127.0.0.1:8080"
