"""Why the system refused a file, in words that fit after « : » (errno(3))."""

from __future__ import annotations

import errno

_CAUSES = {
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "l'espace alloué est plein",
    errno.EACCES: "l'accès est refusé",
    errno.EPERM: "l'accès est refusé",
    errno.EROFS: "le disque est en lecture seule",
    errno.ENOENT: "le dossier qui le contient n'existe pas",
    errno.ENOTDIR: "un fichier porte le nom d'un dossier",
    errno.EISDIR: "un dossier porte ce nom",
    errno.EEXIST: "un fichier porte ce nom",
    errno.ENAMETOOLONG: "ce nom est trop long",
    errno.EBUSY: "il est utilisé par un autre programme",
}


def cause(error: OSError) -> str:
    """« le disque est plein »; for a rare error its number."""
    return _CAUSES.get(error.errno or 0, f"le système a répondu par l'erreur {error.errno}")
