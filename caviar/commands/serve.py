"""`caviar serve`: the server alone."""

from caviar import __version__
from caviar.commands.console import log_instead, say
from caviar.commands.lifeline import end_with_starter
from caviar.commands.options import AsJson, DataDir, Host, Lifeline, Port


def serve(
    port: Port = None, host: Host = None, data_dir: DataDir = None, as_json: AsJson = False, lifeline: Lifeline = False
) -> None:
    """Run the server alone.

    Workers join it with caviar worker URL.

    With --json, one line on stdout tells the URL when the server is ready.
    """
    from caviar.threads import limit_blas

    # Before NumPy loads, which reads these limits once.
    limit_blas()
    if lifeline:
        end_with_starter()
    import json

    from caviar import logs
    from caviar.settings import load_settings
    from service.listener import bind, listen
    from service.storage import migrate
    from service.storage.ownership import held

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    logs.start(settings.log_format, settings.log_level)
    if settings.log_format == "json":
        log_instead("caviar.serve")
    listener = bind(settings.host, settings.port)

    def announce(url: str) -> None:
        if as_json:
            print(json.dumps({"url": url, "version": __version__}), flush=True)
        else:
            say(f"Caviar {__version__} ready at {url}")

    with held(settings.store_url):
        migrate.upgrade(settings.store_url)
        # From here on workers may come; the rest of the server loads while they do.
        listen(listener)

        from service.server import serve as serve_until_stopped

        serve_until_stopped(settings, listener, on_ready=announce)
