"""ICC profiles made by hand: matrix profiles with a plain gamma (ICC.1:2001-04, version 2)."""

import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Red, green and blue of each space in XYZ, adapted to D50, as its published profile states them.
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
PROPHOTO = ((0.7977, 0.2880, 0.0000), (0.1352, 0.7119, 0.0000), (0.0313, 0.0001, 0.8249))
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
WHITE_D50 = (0.9642, 1.0, 0.8249)


def matrix_profile(primaries: tuple[tuple[float, ...], ...], gamma: float) -> bytes:
    """An RGB display profile of these primaries, with one gamma for all three."""
    red, green, blue = primaries
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79),
        b"wtpt": _xyz(WHITE_D50),
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
        **{kind: _gamma(gamma) for kind in (b"rTRC", b"gTRC", b"bTRC")},
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for kind, data in tags.items():
        table += kind + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"test", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", *map(_fixed, WHITE_D50))
    return head.ljust(128, b"\0") + table + body


def stored_in(
    image: Image.Image, primaries: tuple[tuple[float, ...], ...], gamma: float
) -> Image.Image:
    """The pixels that show the sRGB `image` when read in another space."""
    linear = _decoded_srgb(np.asarray(image) / 255)
    xyz = linear @ np.array(SRGB)
    other = np.clip(xyz @ np.linalg.inv(np.array(primaries)), 0, 1)
    return Image.fromarray((other ** (1 / gamma) * 255).round().astype(np.uint8))


def _decoded_srgb(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _fixed(value: float) -> int:
    return round(value * 65536)


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *map(_fixed, values))


def _gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))
