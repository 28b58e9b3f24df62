"""The same recording as other tools keep it: Fiddler's SAZ, written from mitmproxy's flows.

Fiddler itself does not run here, so the archive is built to its layout: raw/N_c.txt (request), raw/N_s.txt
(response), raw/N_m.xml (times, addresses), an index and the content types.
"""

import datetime
import html
import zipfile

from mitmproxy import io


def flows(path):
    with open(path, "rb") as file:
        return list(io.FlowReader(file).stream())


def _stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _message(start, message):
    head = start + b"\r\n" + b"".join(name + b": " + value + b"\r\n" for name, value in message.headers.fields)
    body = message.raw_content or b""
    if message.headers.get("transfer-encoding", "").lower() == "chunked" and body:
        # Fiddler keeps bodies as they were on the wire.
        body = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    return head + b"\r\n" + body


def saz(source, target):
    """Writes the flows of `source` as a SAZ archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", '<?xml version="1.0" encoding="utf-8" ?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="htm" ContentType="text/html" /><Default Extension="xml" ContentType="application/xml" /><Default Extension="txt" ContentType="text/plain" /></Types>')
        rows = []
        for number, flow in enumerate(flows(source), 1):
            request, response = flow.request, flow.response
            url = f"{request.scheme}://{request.host_header}{request.path}"
            archive.writestr(f"raw/{number:02}_c.txt", _message(f"{request.method} {url} HTTP/1.1".encode(), request))
            archive.writestr(f"raw/{number:02}_s.txt", _message(f"HTTP/1.1 {response.status_code} {response.reason}".encode(), response))
            timers = f'<SessionTimers ClientConnected="{_stamp(flow.client_conn.timestamp_start)}" ClientBeginRequest="{_stamp(request.timestamp_start)}" GotRequestHeaders="{_stamp(request.timestamp_start)}" ClientDoneRequest="{_stamp(request.timestamp_end)}" ServerBeginResponse="{_stamp(response.timestamp_start)}" ServerDoneResponse="{_stamp(response.timestamp_end)}" ClientDoneResponse="{_stamp(response.timestamp_end)}" />'
            client, port = flow.client_conn.peername[:2]
            flags = {"x-clientip": client, "x-clientport": port, "x-hostip": flow.server_conn.peername[0] if flow.server_conn.peername else "", "x-egressport": 0}
            marks = "".join(f'<SessionFlag N="{name}" V="{html.escape(str(value))}" />' for name, value in flags.items())
            archive.writestr(f"raw/{number:02}_m.xml", f'<?xml version="1.0" encoding="utf-8"?><Session SID="{number}" BitFlags="59">{timers}<PipeInfo /><SessionFlags>{marks}</SessionFlags></Session>')
            rows.append(f"<tr><td>{number}</td><td>{html.escape(url)}</td></tr>")
        archive.writestr("_index.htm", "<html><body><table>" + "".join(rows) + "</table></body></html>")
