"""For each {"root", "type"} of the JSON list in the argument, the bindings of that type under that root, as JSON."""

import json
import os
import sys

from pyservicebinding import binding

found = []
for asked in json.loads(sys.argv[1]):
    os.environ["SERVICE_BINDING_ROOT"] = asked["root"]
    found.append(binding.ServiceBinding().bindings(asked["type"]))
print(json.dumps(found))
