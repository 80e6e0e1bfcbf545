"""What scripts/schemathesis has to know besides: archives of packs are sent as bytes."""

import schemathesis

schemathesis.serializer.alias("application/zip", "application/octet-stream")
