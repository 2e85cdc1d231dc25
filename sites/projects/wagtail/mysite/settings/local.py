"""What ``wagtail start`` leaves to the machine."""

import json
import os

DATABASES = {"default": json.loads(os.environ["SITES_DATABASE"])}
