"""Home: what cnnlab is, where one stands on the way from pictures to predictions, recent runs, and what is kept."""

from cnnlab.ui import frame, home, storage

with frame.page("cnnlab", lead="Train convolutional networks on your own pictures, and see what they learn."):
    now = home.standing()
    home.draw_path(now)
    home.draw_lesson()
    home.draw_recent_runs(now)
    storage.draw_storage()
