"""A gate in front of moto's CloudWatch, on a free port of 127.0.0.1, until standard input ends.

AWS's own client speaks CBOR, which moto does not: the gate translates, and moto answers. On the way it does what AWS does and
moto does not: answers come in pages, and requests are throttled or fail. The argument is a JSON document:

    account  whose the credentials are
    series   what CloudWatch measured: region, namespace, metric, dimensions, and [hours before the last midnight, value] pairs
    page     values of a page
    faults   what becomes of the first requests for data, one after another: throttle, internal, reset, status, echo, hang, ok
    log      a file that gets a line of JSON for each request for data or list of metrics; once it is taken away, faults are over
"""

import datetime
import http.client
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SETUP = json.loads(sys.argv[1])
os.environ.update(
    AWS_ACCESS_KEY_ID="AKIDGATE", AWS_SECRET_ACCESS_KEY="gate", AWS_DEFAULT_REGION="us-east-1", MOTO_ACCOUNT_ID=SETUP["account"]
)

import boto3
import cbor2
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
MOTO = server.get_host_and_port()[1]
UTC = datetime.timezone.utc
MIDNIGHT = datetime.datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

lock = threading.Lock()
clients, answers, asked_before = {}, {}, []
faults = list(SETUP.get("faults", []))


def client(region):
    if region not in clients:
        clients[region] = boto3.client("cloudwatch", region_name=region, endpoint_url=f"http://127.0.0.1:{MOTO}")
    return clients[region]


def dimensions(pairs):
    return sorted((pair["Name"], pair["Value"]) for pair in pairs)


planted = set()
for series in SETUP["series"]:
    named = [{"Name": name, "Value": value} for name, value in series["dimensions"].items()]
    planted.add((series["region"], series["namespace"], series["metric"], str(dimensions(named))))
    data = [
        {
            "MetricName": series["metric"],
            "Dimensions": named,
            "Timestamp": MIDNIGHT - datetime.timedelta(hours=hours),
            "Value": float(value),
        }
        for hours, value in series["values"]
    ]
    for begin in range(0, len(data), 500):
        client(series["region"]).put_metric_data(Namespace=series["namespace"], MetricData=data[begin : begin + 500])


def measured(region, asked):
    """Moto's answer to all of a question. It looks at every value for every period, so what nobody planted is not asked."""
    key = json.dumps([region, asked], default=str, sort_keys=True)
    if key not in answers:
        queries = asked["MetricDataQueries"]
        stat = lambda query: query["MetricStat"]["Metric"]
        has = lambda query: (
            region, stat(query)["Namespace"], stat(query)["MetricName"], str(dimensions(stat(query)["Dimensions"]))
        ) in planted
        known = [query for query in queries if has(query)]
        found = {}
        if known:
            span = {name: asked[name] for name in ("StartTime", "EndTime", "ScanBy")}
            answer = client(region).get_metric_data(MetricDataQueries=known, **span)
            found = {one["Id"]: (one["Timestamps"], one["Values"]) for one in answer["MetricDataResults"]}
        answers[key] = [(query["Id"], *found.get(query["Id"], ([], []))) for query in queries]
    return answers[key]


def page(region, asked):
    """A page of an answer, as AWS cuts it: values in the order of the metrics, the rest at the token."""
    begin = int(asked.pop("NextToken", None) or 0)
    size = min(SETUP["page"], asked.pop("MaxDatapoints"))
    results, at = [], 0
    for name, times, values in measured(region, asked):
        low, high = max(begin - at, 0), min(begin + size - at, len(values))
        at += len(values)
        if low < high or begin == 0:
            taken = range(low, max(low, high))
            results.append(
                {
                    "Id": name,
                    "Label": name,
                    "Timestamps": [cbor2.CBORTag(1, int(times[place].timestamp())) for place in taken],
                    "Values": [float(values[place]) for place in taken],
                    "StatusCode": "Complete" if high >= len(values) else "PartialData",
                }
            )
    answer = {"MetricDataResults": results, "Messages": []}
    if at > begin + size:
        answer["NextToken"] = str(begin + size)
    return answer


class Gate(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cbor(self, status, document, headers=()):
        fixed = [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")]
        self.reply(status, cbor2.dumps(document), [*fixed, *headers])

    def refuse(self, status, code, message):
        headers = [("x-amzn-query-error", f"{code};Sender")]
        self.cbor(status, {"__type": f"com.amazonaws.cloudwatch#{code}", "message": message}, headers)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if "GraniteServiceVersion20100801" not in self.path:
            return self.forward(body)
        operation = self.path.rsplit("/", 1)[1]
        region = self.headers["authorization"].split("Credential=")[1].split("/")[2]
        asked = cbor2.loads(body)
        with lock:
            if asked_before and not os.path.exists(SETUP["log"]):
                faults.clear()
            asked_before.append(operation)
            fault = faults.pop(0) if faults and operation == "GetMetricData" else "ok"
            with open(SETUP["log"], "a") as log:
                line = {"operation": operation, "region": region, "fault": fault, "token": asked.get("NextToken")}
                line["queries"] = len(asked.get("MetricDataQueries", []))
                line["periods"] = sorted({one["MetricStat"]["Period"] for one in asked.get("MetricDataQueries", [])})
                if operation == "GetMetricData":
                    line["days"] = (asked["EndTime"] - asked["StartTime"]).days
                print(json.dumps(line), file=log)
        if fault == "throttle":
            return self.refuse(400, "Throttling", "Rate exceeded")
        if fault == "internal":
            return self.refuse(500, "InternalServiceFault", "Internal failure")
        if fault == "echo":
            return self.refuse(403, "AccessDenied", "not with " + str(self.headers))
        if fault == "reset":
            self.close_connection = True
            return self.connection.close()
        if fault == "hang":
            time.sleep(60)
        if operation == "ListMetrics":
            names = {"Namespace": asked["Namespace"], "MetricName": asked["MetricName"]}
            return self.cbor(200, {"Metrics": client(region).list_metrics(**names)["Metrics"]})
        with lock:
            answer = page(region, asked)
        if fault == "status":
            answer["MetricDataResults"][0]["StatusCode"] = "InternalError"
        self.cbor(200, answer)

    def forward(self, body):
        """What is not CloudWatch's goes to moto as it is."""
        upstream = http.client.HTTPConnection("127.0.0.1", MOTO)
        upstream.request("POST", self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() == "content-type"]
        self.reply(answer.status, answer.read(), kept)


gate = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
threading.Thread(target=gate.serve_forever, daemon=True).start()
print(gate.server_address[1], flush=True)
sys.stdin.read()
os._exit(0)
