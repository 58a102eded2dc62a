"""Sign what a release's manifest lists, by the program cosign: by digest, never by tag."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools import programs
from tools.command_line import ToolError, progress
from tools.release.manifest import Published, sha256_of


def sign(image: Published, folder: Path, options: Sequence[str]) -> None:
    """Sign an image and attest its bill of materials.

    Without a key that is named by $COSIGN_KEY the signer is who runs this, as the identity provider
    of CI says it.

    Args:
        image: as the registry has it.
        folder: of the bills of materials.
        options: further ones of `cosign sign` and `cosign attest`, such as for a private registry.
    """
    bill = folder / image.sbom
    if not bill.exists() or sha256_of(bill) != image.sbom_sha256:
        raise ToolError(f"{bill} is not the file that {image.row} was pushed with; push it again")
    key = os.environ.get("COSIGN_KEY")
    further = [*(["--key", key] if key else []), *options]
    _cosign("sign", "--yes", *further, image.reference)
    progress(image.row, f"signed {image.reference}")
    attested = ["--type", "cyclonedx", "--predicate", str(bill)]
    _cosign("attest", "--yes", *attested, *further, image.reference)
    progress(image.row, f"attested {bill.name}")


def _cosign(*arguments: str) -> None:
    if not shutil.which("cosign"):
        raise ToolError(
            "there is no cosign on PATH: install it, see https://docs.sigstore.dev/cosign"
        )
    failure = f"`cosign {arguments[0]} … {arguments[-1]}` failed"
    programs.output(["cosign", *arguments], failure)
