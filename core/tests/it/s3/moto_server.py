"""Serves moto on a free port of 127.0.0.1 until standard input ends.

Each argument is `BUCKET/PREFIX`, for a bucket with 2,500 small objects below the prefix, or a folder, whose folders
become buckets and whose files become their objects.
"""

import os
import pathlib
import sys

from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
backend = s3_backends["123456789012"]["aws"]
for argument in sys.argv[1:]:
    if os.path.isabs(argument):
        for bucket in pathlib.Path(argument).iterdir():
            backend.create_bucket(bucket.name, "us-east-1")
            files = sorted(path for path in bucket.rglob("*") if path.is_file())
            for path in files:
                backend.put_object(bucket.name, path.relative_to(bucket).as_posix(), path.read_bytes())
    else:
        bucket, prefix = argument.split("/", 1)
        backend.create_bucket(bucket, "us-east-1")
        for number in range(2500):
            backend.put_object(bucket, f"{prefix}/part-{number:05}.parquet", b"%d" % number)
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
