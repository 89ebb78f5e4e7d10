"""`caviar serve`: the server alone."""

from caviar import __version__
from caviar.commands.console import say
from caviar.commands.lifeline import end_with_starter
from caviar.commands.options import AsJson, DataDir, Host, Lifeline, Port


def serve(
    port: Port = None, host: Host = None, data_dir: DataDir = None, as_json: AsJson = False, lifeline: Lifeline = False
) -> None:
    """Run the server alone.

    Workers join it with caviar worker URL.

    With --json, one line on stdout tells the URL when the server is ready.
    """
    if lifeline:
        end_with_starter()
    import json

    from caviar.settings import load_settings
    from service.listener import listen

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    listener = listen(settings.host, settings.port)

    from service.server import serve as serve_until_stopped

    def announce(url: str) -> None:
        if as_json:
            print(json.dumps({"url": url, "version": __version__}), flush=True)
        else:
            say(f"Caviar {__version__} ready at {url}")

    serve_until_stopped(settings, listener, on_ready=announce)
