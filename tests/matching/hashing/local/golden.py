"""A signature made once, by `register_local(np.asarray(render_picture(5, (480, 360))))`."""

from pathlib import Path

GOLDEN = Path(__file__).with_name("golden_signature.bin")
