"""What happens to pictures on their way through the web: a seeded suite of manipulations.

Every manipulation takes an RGB picture and a random generator and gives an RGB picture; the
generator decides placement, so that the same seed makes the same copy. Groups are by what a
matcher has to survive.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Picture = Image.Image
Manipulation = Callable[[Picture, np.random.Generator], Picture]

BICUBIC = Image.Resampling.BICUBIC
CAPTIONS = ("when the monday meeting", "NOBODY EXPECTS THIS", "me explaining my day", "so true")


def jpeg(picture: Picture, rng: np.random.Generator, *, quality: int) -> Picture:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def resize(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return _scaled(picture, factor, factor)


def aspect(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return _scaled(picture, factor, 1.0)


def crop(picture: Picture, rng: np.random.Generator, *, area: float) -> Picture:
    """Keep a share of the area, anywhere; the sides' ratio varies by up to 15 %."""
    jitter = float(np.exp(rng.uniform(-0.15, 0.15)))
    width = min(1.0, math.sqrt(area) * jitter)
    height = min(1.0, area / width)
    left, top = rng.random() * (1 - width), rng.random() * (1 - height)
    w, h = picture.size
    return picture.crop(
        (round(left * w), round(top * h), round((left + width) * w), round((top + height) * h))
    )


def crop_centre(picture: Picture, rng: np.random.Generator, *, area: float) -> Picture:
    w, h = picture.size
    cut_w, cut_h = ((1 - math.sqrt(area)) / 2 * side for side in (w, h))
    return picture.crop((round(cut_w), round(cut_h), round(w - cut_w), round(h - cut_h)))


def rotate(picture: Picture, rng: np.random.Generator, *, degrees: float) -> Picture:
    """Turn to a random side on a ground of one colour; the canvas grows."""
    turn = degrees * rng.choice([-1, 1])
    return picture.rotate(turn, BICUBIC, expand=True, fillcolor=_ground(rng))


def rotate_inner(picture: Picture, rng: np.random.Generator, *, degrees: float) -> Picture:
    """Turn and keep the largest upright part without ground."""
    turned = picture.rotate(degrees * rng.choice([-1, 1]), BICUBIC, expand=True)
    w, h = _inner_size(*picture.size, math.radians(degrees))
    left, top = (turned.width - w) / 2, (turned.height - h) / 2
    return turned.crop((math.ceil(left), math.ceil(top), int(left + w), int(top + h)))


def _inner_size(w: float, h: float, turn: float) -> tuple[float, float]:
    """Sides of the largest upright rectangle inside one of w x h turned by `turn`."""
    sine, cosine = math.sin(turn), math.cos(turn)
    short, long = min(w, h), max(w, h)
    if short <= 2 * sine * cosine * long or abs(sine - cosine) < 1e-9:
        half = short / 2
        return (half / sine, half / cosine) if w >= h else (half / cosine, half / sine)
    double = cosine * cosine - sine * sine
    return (w * cosine - h * sine) / double, (h * cosine - w * sine) / double


def turn(picture: Picture, rng: np.random.Generator, *, how: Image.Transpose) -> Picture:
    return picture.transpose(how)


def border(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    width = round(share * max(picture.size))
    return ImageOps.expand(picture, width, fill=_ground(rng))


def uneven_border(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    """Another width on every side."""
    widths = (share * max(picture.size) * rng.random(4)).round().astype(int).tolist()
    return ImageOps.expand(picture, tuple(widths), fill=_ground(rng))


def letterbox(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    height = round(share * picture.height)
    return ImageOps.expand(picture, (0, height, 0, height), fill=(0, 0, 0))


def caption(
    picture: Picture, rng: np.random.Generator, *, share: float, text: str | None = None
) -> Picture:
    """A white band with a line of text above the picture."""
    band = round(share * picture.height)
    canvas = ImageOps.expand(picture, (0, band, 0, 0), fill=(255, 255, 255))
    font = ImageFont.load_default(size=max(10, band * 0.45))
    words = text or str(rng.choice(CAPTIONS))
    ImageDraw.Draw(canvas).text((band // 4, band // 5), words, fill=(0, 0, 0), font=font)
    return canvas


def text_over(picture: Picture, rng: np.random.Generator, *, text: str | None = None) -> Picture:
    """An outlined line of large text at the top and one at the bottom."""
    canvas = picture.copy()
    pen = ImageDraw.Draw(canvas)
    size = picture.height / 8
    font = ImageFont.load_default(size=size)
    for share in (0.03, 0.82):
        words = text or str(rng.choice(CAPTIONS)).upper()
        place = (picture.width * 0.04, picture.height * share)
        pen.text(place, words, (255, 255, 255), font, stroke_width=3, stroke_fill=(0, 0, 0))
    return canvas


def watermark(picture: Picture, rng: np.random.Generator) -> Picture:
    """Half-transparent words all over."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    font = ImageFont.load_default(size=picture.height / 12)
    pen = ImageDraw.Draw(layer)
    for y in range(0, picture.height, picture.height // 5):
        for x in range(-40, picture.width, picture.width // 3):
            pen.text((x + y // 4, y), "SAMPLE.COM", (255, 255, 255, 110), font)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def emoji(picture: Picture, rng: np.random.Generator) -> Picture:
    """Three opaque discs over a tenth of the picture."""
    canvas = picture.copy()
    pen = ImageDraw.Draw(canvas)
    radius = math.sqrt(0.1 * picture.width * picture.height / 3 / math.pi)
    for _ in range(3):
        x, y = rng.random(2) * picture.size
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 204, 60))
    return canvas


def inside(
    picture: Picture,
    rng: np.random.Generator,
    *,
    share: float,
    ground: Picture,
    width: int | None = None,
) -> Picture:
    """The picture, `share` of the ground's width wide, somewhere on another picture."""
    base = _wide(ground, width or picture.width)
    small = _wide(picture, round(share * base.width))
    canvas = base.crop((0, 0, base.width, max(base.height, small.height)))
    left = int(rng.integers(0, canvas.width - small.width + 1))
    top = int(rng.integers(0, canvas.height - small.height + 1))
    canvas.paste(small, (left, top))
    return canvas


def collage(
    picture: Picture, rng: np.random.Generator, *, others: tuple[Picture, ...], place: int = -1
) -> Picture:
    """Four pictures in a grid, on the canvas of one."""
    width, height = picture.size
    canvas = Image.new("RGB", picture.size, (255, 255, 255))
    where = int(rng.integers(4)) if place < 0 else place
    tiles = [*others[:where], picture, *others[where:3]]
    for number, tile in enumerate(tiles):
        fitted = ImageOps.fit(tile, (width // 2 - 2, height // 2 - 2), BICUBIC)
        canvas.paste(fitted, (number % 2 * (width // 2 + 1), number // 2 * (height // 2 + 1)))
    return canvas


def blur(picture: Picture, rng: np.random.Generator, *, radius: float) -> Picture:
    return picture.filter(ImageFilter.GaussianBlur(radius))


def sharpen(picture: Picture, rng: np.random.Generator) -> Picture:
    return picture.filter(ImageFilter.UnsharpMask(2, 180, 2))


def noise(picture: Picture, rng: np.random.Generator, *, sigma: float) -> Picture:
    pixels = np.asarray(picture, np.float32)
    noisy = pixels + rng.normal(0, sigma, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def brightness(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return ImageEnhance.Brightness(picture).enhance(factor)


def contrast(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return ImageEnhance.Contrast(picture).enhance(factor)


def gamma(picture: Picture, rng: np.random.Generator, *, power: float) -> Picture:
    return picture.point([round(255 * (level / 255) ** power) for level in range(256)] * 3)


def gray(picture: Picture, rng: np.random.Generator) -> Picture:
    return picture.convert("L").convert("RGB")


def saturation(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return ImageEnhance.Color(picture).enhance(factor)


def palette(picture: Picture, rng: np.random.Generator, *, colors: int) -> Picture:
    return picture.quantize(colors).convert("RGB")


def perspective(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    """Move every corner inwards by up to `share` of the sides."""
    w, h = picture.size
    dx, dy = rng.random(4) * share * w, rng.random(4) * share * h
    corners = (
        (dx[0], dy[0]),
        (dx[1], h - dy[1]),
        (w - dx[2], h - dy[2]),
        (w - dx[3], dy[3]),
    )
    quad = [float(part) for corner in corners for part in corner]
    return picture.transform(picture.size, Image.Transform.QUAD, quad, BICUBIC)


def filtered(picture: Picture, rng: np.random.Generator) -> Picture:
    """What photo apps do: warmer, more contrast, darker corners."""
    warm = ImageEnhance.Contrast(picture).enhance(1.25)
    pixels = np.asarray(warm, np.float32) * [1.08, 1.0, 0.88]
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    pixels *= (1 - 0.35 * np.clip(x**2 + y**2 - 0.4, 0, 1))[:, :, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def chain(
    picture: Picture, rng: np.random.Generator, *, steps: tuple[Manipulation, ...]
) -> Picture:
    for step in steps:
        picture = step(picture, rng)
    return picture


def suite(fillers: tuple[Picture, ...]) -> Mapping[str, Manipulation]:
    """All manipulations by name; `fillers` are four unrelated pictures for collages."""
    return {**_recoded(), **_cropped(), **_turned(), **_framed(), **_pasted(fillers), **_mixed()}


def _recoded() -> dict[str, Manipulation]:
    return {
        **{f"jpeg{quality}": partial(jpeg, quality=quality) for quality in (90, 50, 20, 10)},
        **{f"resize{share}": partial(resize, factor=share / 100) for share in (200, 50, 25)},
        **{f"aspect{share}": partial(aspect, factor=share / 100) for share in (75, 60)},
        "blur2": partial(blur, radius=2.0),
        "sharpen": sharpen,
        "noise15": partial(noise, sigma=15),
        "brighter": partial(brightness, factor=1.5),
        "darker": partial(brightness, factor=0.6),
        "contrast": partial(contrast, factor=1.6),
        "gamma": partial(gamma, power=0.55),
        "gray": gray,
        "saturated": partial(saturation, factor=2.0),
        "palette32": partial(palette, colors=32),
        "filtered": filtered,
    }


def _cropped() -> dict[str, Manipulation]:
    return {
        **{f"crop{share}": partial(crop, area=share / 100) for share in (90, 75, 50, 35, 25)},
        "crop50_centre": partial(crop_centre, area=0.5),
        "crop50_resize60": partial(
            chain, steps=(partial(crop, area=0.5), partial(resize, factor=0.6))
        ),
        "crop35_enlarged": partial(
            chain, steps=(partial(crop, area=0.35), partial(resize, factor=2.0))
        ),
    }


def _turned() -> dict[str, Manipulation]:
    degrees = (2, 5, 10, 20, 30, 45)
    return {
        **{f"rotate{by}": partial(rotate, degrees=by) for by in degrees},
        **{f"rotate{by}_inner": partial(rotate_inner, degrees=by) for by in (2, 5, 10, 30, 45)},
        "turn90": partial(turn, how=Image.Transpose.ROTATE_90),
        "turn180": partial(turn, how=Image.Transpose.ROTATE_180),
        "turn270": partial(turn, how=Image.Transpose.ROTATE_270),
        "mirror": partial(turn, how=Image.Transpose.FLIP_LEFT_RIGHT),
        "mirror_crop60": partial(
            chain,
            steps=(
                partial(turn, how=Image.Transpose.FLIP_LEFT_RIGHT),
                partial(crop, area=0.6),
            ),
        ),
        "perspective6": partial(perspective, share=0.06),
    }


def _framed() -> dict[str, Manipulation]:
    return {
        "border10": partial(border, share=0.1),
        "border25": partial(border, share=0.25),
        "border_uneven": partial(uneven_border, share=0.3),
        "letterbox25": partial(letterbox, share=0.25),
        "caption20": partial(caption, share=0.2),
        "caption40": partial(caption, share=0.4),
        "text_over": text_over,
        "watermark": watermark,
        "emoji": emoji,
    }


def _pasted(fillers: tuple[Picture, ...]) -> dict[str, Manipulation]:
    first, *others = fillers
    return {
        "inside50": partial(inside, share=0.5, ground=first),
        "inside30": partial(inside, share=0.3, ground=first),
        "inside30_1080": partial(inside, share=0.3, ground=first, width=1080),
        "collage4": partial(collage, others=tuple(others)),
    }


def _mixed() -> dict[str, Manipulation]:
    mirrored = partial(turn, how=Image.Transpose.FLIP_LEFT_RIGHT)
    return {
        "crop70_resize70_jpeg40": partial(
            chain,
            steps=(
                partial(crop, area=0.7),
                partial(resize, factor=0.7),
                partial(jpeg, quality=40),
            ),
        ),
        "mirror_rotate7_crop70": partial(
            chain,
            steps=(mirrored, partial(rotate_inner, degrees=7), partial(crop, area=0.7)),
        ),
        "caption_filtered_jpeg30": partial(
            chain, steps=(filtered, partial(caption, share=0.25), partial(jpeg, quality=30))
        ),
        "crop60_text_jpeg40": partial(
            chain, steps=(partial(crop, area=0.6), text_over, partial(jpeg, quality=40))
        ),
    }


def _scaled(picture: Picture, across: float, down: float) -> Picture:
    size = (max(1, round(picture.width * across)), max(1, round(picture.height * down)))
    return picture.resize(size, BICUBIC)


def _wide(picture: Picture, width: int) -> Picture:
    return _scaled(picture, width / picture.width, width / picture.width)


def _ground(rng: np.random.Generator) -> tuple[int, int, int]:
    colors = ((0, 0, 0), (255, 255, 255), (128, 128, 128), (30, 60, 160), (220, 190, 140))
    return colors[int(rng.integers(len(colors)))]
