"""The policy of dependencies (.deny.toml), held against the lock file: licences, sources, and who may use what.

.venv/bin/python packaging/scripts/dependencies.py

The same file is read by cargo-deny, which also knows advisories and wants the network for them. Exit code 1 names what
is not allowed.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from license_expression import AND, OR, LicenseWithExceptionSymbol, get_spdx_licensing

TREE = Path(__file__).parents[2]
REGISTRY = "registry+"
SPDX = get_spdx_licensing()


def is_allowed(node: object, allowed: set[str]) -> bool:
    """True where one branch of an OR, and all of an AND, are allowed."""
    if isinstance(node, OR):
        return any(is_allowed(part, allowed) for part in node.args)
    if isinstance(node, AND):
        return all(is_allowed(part, allowed) for part in node.args)
    if isinstance(node, LicenseWithExceptionSymbol):
        return f"{node.license_symbol.key} WITH {node.exception_symbol.key}" in allowed
    return node.key in allowed


def faults(packages: list[dict], policy: dict) -> list[str]:
    allowed = set(policy["licenses"]["allow"])
    registries = policy["sources"]["allow-registry"]
    found = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        # Early crates part alternatives with a slash.
        licence = (package["license"] or "").replace("/", " OR ")
        if not licence or not is_allowed(SPDX.parse(licence, validate=True), allowed):
            found.append(f"{name}: the licence {licence or 'is missing'!s} is not in .deny.toml")
        source = package["source"]
        if source is not None and source.removeprefix(REGISTRY) not in registries:
            found.append(f"{name}: comes from {source}")
    return found


def breaches(packages: list[dict], denied: list[dict]) -> list[str]:
    """Crates that name another one as a dependency without being among its `wrappers`."""
    wrappers = {rule["crate"]: set(rule["wrappers"]) for rule in denied}
    users = ((package["name"], dependency["name"]) for package in packages for dependency in package["dependencies"])
    return sorted(
        {
            f"{user} may not depend on {used}: see `wrappers` in .deny.toml"
            for user, used in users
            if used in wrappers and user not in wrappers[used]
        }
    )


def main() -> None:
    policy = tomllib.loads((TREE / ".deny.toml").read_text())
    asked = ["cargo", "metadata", "--format-version", "1", "--locked"]
    told = subprocess.run(asked, cwd=TREE, check=True, capture_output=True, text=True).stdout
    packages = json.loads(told)["packages"]
    found = faults(packages, policy) + breaches(packages, policy["bans"]["deny"])
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
