"""Never comes back by itself."""

import time

time.sleep(600)
