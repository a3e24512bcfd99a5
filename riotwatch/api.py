"""The REST API, put together: every resource's addresses, and what each layer's refusals become."""

from ninja.openapi.docs import Swagger

from riotwatch_api.access import KEY_IN_HEADER, SESSION_OF_ADMIN, for_known_people
from riotwatch_api.application import Api
from riotwatch_jobs import databases
from riotwatch_jobs.api import emergency, jobs, runs, schedules, status
from riotwatch_jobs.api import problems as job_problems
from riotwatch_jobs.jobs import player_api
from riotwatch_messages import api as messages
from riotwatch_players.api import exports, game, keys, players, records
from riotwatch_players.api import problems as player_problems

VERSION = "1"

DESCRIPTION = """\
Keeps watch on League of Legends players. Send a key in `X-API-Key`; its role is `viewer`, `operator` or `admin`.

Lists come by pages: `next_cursor` of one page is `cursor` of the next. Errors are `application/problem+json`
(RFC 9457). Asking for a run answers 202 with the run; with `Idempotency-Key` it can be sent again without starting
another.
Times are UTC.

riotwatch isn't endorsed by Riot Games and doesn't reflect the views or opinions of Riot Games or anyone officially
involved in producing or managing Riot Games properties. Riot Games and all associated properties are trademarks or
registered trademarks of Riot Games, Inc.
"""

api = Api(
    is_outage=databases.is_outage,
    title="riotwatch",
    version=VERSION,
    description=DESCRIPTION,
    urls_namespace="api",
    auth=[KEY_IN_HEADER, SESSION_OF_ADMIN],
    docs=Swagger(settings={"persistAuthorization": True, "displayRequestDuration": True}),
    docs_decorator=for_known_people,
)
api.translate(job_problems.TRANSLATION)
api.translate(player_problems.TRANSLATION)
# Addresses of one word before those that take any word in its place.
for router in (status, runs, schedules, jobs, emergency, keys, exports, records, players, player_api, game, messages):
    api.add_router("", router.router)
