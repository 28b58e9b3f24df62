"""A small HTTP/2 client on the library h2 (it comes with mitmproxy): several requests on one connection.

curl 7.88 can neither reuse a connection with prior knowledge nor stand nginx's early answers.
"""

import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events


def fetch(steps, host, port, keylog=None, ca=None):
    """Sends the steps one after the other; gives their statuses."""
    connection = socket.create_connection(("127.0.0.1", port))
    if keylog:
        context = ssl.create_default_context(cafile=ca)
        context.keylog_filename = keylog
        context.set_alpn_protocols(["h2"])
        connection = context.wrap_socket(connection, server_hostname=host)
        assert connection.selected_alpn_protocol() == "h2"
    state = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding="utf-8"))
    state.initiate_connection()
    statuses = []
    for step in steps:
        stream = state.get_next_available_stream_id()
        body = (step.body or "").encode()
        fields = [(":method", step.method), (":scheme", "https" if keylog else "http"), (":authority", step.host), (":path", step.path)]
        fields += [(name.lower(), value) for name, value in [*step.headers, ("client-request-id", step.id)]]
        state.send_headers(stream, fields, end_stream=not body)
        if body:
            state.send_data(stream, body, end_stream=True)
        connection.sendall(state.data_to_send())
        ended = False
        while not ended:
            for event in state.receive_data(connection.recv(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    statuses.append(int(dict(event.headers)[":status"]))
                elif isinstance(event, h2.events.DataReceived):
                    state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    ended = True
            connection.sendall(state.data_to_send())
    state.close_connection()
    connection.sendall(state.data_to_send())
    connection.close()
    return statuses


if __name__ == "__main__":
    sys.exit("run by record.py")
