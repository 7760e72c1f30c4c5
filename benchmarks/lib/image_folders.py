"""Images in folders, one a class, opened when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def read_image(path: Path, size: int) -> Tensor:
    """Return an image as bytes, (3, size, size), resized without regard to its shape."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


class ImageFolders(Dataset):
    """The images of a folder's folders, whose names are the classes.

    Parameters
    ----------
    root : Path
        Its folders are the classes; images may lie deeper in them.
    size : int
        Height and width that images are resized to.
    classes : sequence of str, optional
        Only these folders. By default all that hold an image.

    Attributes
    ----------
    paths : list of Path
    targets : ndarray of str
        The class of each.
    """

    def __init__(self, root: Path, size: int, classes: Sequence[str] | None = None) -> None:
        known = sorted(path.name for path in root.iterdir() if path.is_dir())
        missing = set(classes or ()) - set(known)
        if missing:
            raise ValueError(
                f"{root} has no folders {sorted(missing)}; it has {known}. Name the folders of the "
                "classes as they are there."
            )
        self.size = size
        self.paths: list[Path] = []
        names: list[str] = []
        for name in known if classes is None else sorted(classes):
            own = sorted(p for p in (root / name).rglob("*") if p.suffix.lower() in ENDINGS)
            self.paths += own
            names += [name] * len(own)
        if not self.paths:
            raise ValueError(f"No folder of {root} holds an image ({', '.join(ENDINGS)}).")
        self.targets = np.array(names)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, str]:
        return read_image(self.paths[index], self.size), str(self.targets[index])

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all images (n, 3, size, size) as bytes, and their classes, in memory."""
        pixels = np.stack([read_image(path, self.size).numpy() for path in self.paths])
        return pixels, self.targets
