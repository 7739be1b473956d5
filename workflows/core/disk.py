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
    errno.ETXTBSY: "il est utilisé par un autre programme",
    errno.EIO: "le disque ou le partage ne répond pas bien",
    errno.ETIMEDOUT: "le partage ne répond pas",
    errno.EHOSTDOWN: "le partage ne répond pas",
    errno.ENOTCONN: "le partage n'est plus relié",
    errno.ESTALE: "le partage a été relié de nouveau entre-temps",
    errno.ENOLCK: "le partage ne permet pas de réserver un fichier",
    errno.ENOTEMPTY: "ce dossier n'est pas vide",
    errno.ELOOP: "ce raccourci ne mène nulle part",
    errno.EINVAL: "ce nom n'est pas permis ici",
    errno.EILSEQ: "ce nom n'est pas permis ici",
    errno.EFBIG: "le fichier serait trop gros pour ce disque",
    errno.ENOMEM: "la mémoire de l'ordinateur est pleine",
    errno.EMFILE: "trop de fichiers sont ouverts",
    errno.ENFILE: "trop de fichiers sont ouverts",
    errno.EOPNOTSUPP: "ce disque ne le permet pas",
    errno.ENOSYS: "ce disque ne le permet pas",
}


def cause(error: OSError) -> str:
    """« le disque est plein »; for a rare error its number."""
    if error.errno is None:
        return "cause inconnue"
    return _CAUSES.get(error.errno, f"le système a répondu par l'erreur {error.errno}")
