"""Sign what a release's manifest lists, by the program cosign: by digest, never by tag."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.release.manifest import Published, sha256_of

Say = Callable[[str], None]


class SigningError(Exception):
    """An image is not signed; the message has which and why."""


def sign(image: Published, folder: Path, options: Sequence[str], say: Say) -> None:
    """Sign an image and attest its bill of materials.

    Without a key that is named by $COSIGN_KEY the signer is who runs this, as the identity provider
    of CI says it.

    Args:
        image: as the registry has it.
        folder: of the bills of materials.
        options: further ones of `cosign sign` and `cosign attest`, such as for a private registry.
        say: called with each step.

    Raises:
        SigningError: there is no cosign, it failed, or the bill is not the one that was pushed.
    """
    bill = folder / image.sbom
    if not bill.exists() or sha256_of(bill) != image.sbom_sha256:
        raise SigningError(
            f"{bill} is not the file that {image.row} was pushed with; push it again"
        )
    key = os.environ.get("COSIGN_KEY")
    further = [*(["--key", key] if key else []), *options]
    _cosign("sign", "--yes", *further, image.reference)
    say(f"signed {image.reference}")
    attested = ["--type", "cyclonedx", "--predicate", str(bill)]
    _cosign("attest", "--yes", *attested, *further, image.reference)
    say(f"attested {bill.name}")


def _cosign(*arguments: str) -> None:
    if not shutil.which("cosign"):
        raise SigningError(
            "there is no cosign on PATH: install it, see https://docs.sigstore.dev/cosign"
        )
    run = subprocess.run(["cosign", *arguments], capture_output=True, text=True, check=False)
    if run.returncode:
        told = run.stderr.strip()[-1000:]
        raise SigningError(f"`cosign {arguments[0]} … {arguments[-1]}` failed:\n{told}")
