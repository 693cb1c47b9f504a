"""The rate limits, each a set of token buckets; table.py has their numbers."""

from .bucket import RateLimit
from .network import NetworkLimit, PersonLimit
from .table import LIMITS

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


def _by_table(name: str, *, by: str = "", shared: bool = True) -> RateLimit:
    """The limit of the fields `<name>_per_<unit>` and `<name>_burst`."""
    for unit, seconds in _SECONDS.items():
        rate = getattr(LIMITS, f"{name}_per_{unit}", None)
        if rate is not None:
            burst = getattr(LIMITS, f"{name}_burst")
            return RateLimit(rate / seconds, burst, name=name, by=by, shared=shared)
    raise LookupError(name)


def _by_network(name: str, *, shared: bool = True) -> NetworkLimit:
    return NetworkLimit(_by_table(name, shared=shared))


# By network, in each process for itself, since they guard the process's own time. If
# they were shared, a busy office would wait for Redis before each of its messages.
network_commands = _by_network("network_commands", shared=False)
network_messages = _by_network("network_messages", shared=False)
# By person, through both doors and all connections.
commands = PersonLimit(_by_table("commands", by="user"), network_commands)
messages = PersonLimit(_by_table("messages", by="user"), network_messages)
typing = _by_table("typing", by="user")
# Each of these writes rows that stay, and sends events to everybody concerned.
rooms = _by_table("rooms", by="user")
room_changes = _by_table("room_changes", by="user")
joins = _by_table("joins", by="user")
member_changes = _by_table("member_changes", by="user")
profile_changes = _by_table("profile_changes", by="user")
invitations = _by_table("invitations", by="user")
# Each upload may be a picture to decode.
uploads = _by_table("uploads", by="user")
# A code of an invitation that somebody tries.
invitation_codes = _by_table("invitation_codes", by="user")
# A search reads more than anything else.
searches = _by_table("searches", by="user")
# By connection, whatever its frames are. A socket that goes on in spite of refusals is
# closed.
frames = _by_table("frames", by="connection", shared=False)
# By network: opening sockets, guessing passwords, making accounts, causing mails.
connects = _by_network("connects")
logins = _by_network("logins")
refreshes = _by_network("refreshes")
registrations = _by_network("registrations")
guests = _by_network("guests")
network_mails = _by_network("network_mails")
# By the address that a mail goes to, and by the person who causes it.
mails = _by_table("mails")
# By account, from any address: log-ins with a wrong password, and every password that a
# person who is logged in gives again.
failed_logins = _by_table("failed_logins")
