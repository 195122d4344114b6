"""The schema: what the hub keeps, one description for SQLite and PostgreSQL.

* Batches are kept as they came; `learner`, `classroom`, `progress` and `result` are read out of them, and can be again.
* What came from a box carries the box's id, what belongs to learners the campus's; nothing is shared between campuses.
* Bytes compare as bytes: whatever decides which of two came later is a BLOB, since text order depends on the locale.
"""

from sync.hub.schema.campus_journal import also_studies as also_studies
from sync.hub.schema.campus_journal import campus_epoch as campus_epoch
from sync.hub.schema.campus_journal import campus_event as campus_event
from sync.hub.schema.campus_journal import campus_key as campus_key
from sync.hub.schema.campus_journal import campus_parent as campus_parent
from sync.hub.schema.campus_journal import campus_word as campus_word
from sync.hub.schema.columns import METADATA as METADATA
from sync.hub.schema.drafts import draft as draft
from sync.hub.schema.drafts import draft_chunk as draft_chunk
from sync.hub.schema.drafts import draft_file as draft_file
from sync.hub.schema.drafts import draft_weight as draft_weight
from sync.hub.schema.drafts import edition as edition
from sync.hub.schema.drafts import moved_activity as moved_activity
from sync.hub.schema.drafts import scheduled as scheduled
from sync.hub.schema.fleet import adoption as adoption
from sync.hub.schema.fleet import box as box
from sync.hub.schema.fleet import campus as campus
from sync.hub.schema.fleet import enrolment_token as enrolment_token
from sync.hub.schema.fleet import staff as staff
from sync.hub.schema.journals import batch as batch
from sync.hub.schema.journals import batch_learner as batch_learner
from sync.hub.schema.journals import epoch as epoch
from sync.hub.schema.journals import erased as erased
from sync.hub.schema.journals import erasure_notice as erasure_notice
from sync.hub.schema.journals import fork as fork
from sync.hub.schema.keeping import alarm as alarm
from sync.hub.schema.keeping import audit as audit
from sync.hub.schema.keeping import backup as backup
from sync.hub.schema.keeping import backup_notice as backup_notice
from sync.hub.schema.keeping import batch_span as batch_span
from sync.hub.schema.keeping import card_sign as card_sign
from sync.hub.schema.keeping import gap as gap
from sync.hub.schema.keeping import hardware_print as hardware_print
from sync.hub.schema.keeping import left_tip as left_tip
from sync.hub.schema.keeping import replacement as replacement
from sync.hub.schema.keeping import twin as twin
from sync.hub.schema.offers import carried_pack as carried_pack
from sync.hub.schema.offers import import_report as import_report
from sync.hub.schema.offers import letter as letter
from sync.hub.schema.offers import offer as offer
from sync.hub.schema.offers import pack as pack
from sync.hub.schema.offers import want as want
from sync.hub.schema.projections import classroom as classroom
from sync.hub.schema.projections import learner as learner
from sync.hub.schema.projections import progress as progress
from sync.hub.schema.projections import result as result
from sync.hub.schema.projections import unread as unread
from sync.hub.schema.secure import certificate as certificate
from sync.hub.schema.secure import certificate_order as certificate_order
from sync.hub.schema.secure import certificate_request as certificate_request
from sync.hub.schema.sign_in import recovery_code as recovery_code
from sync.hub.schema.sign_in import second_factor as second_factor
from sync.hub.schema.steps import STEPS as STEPS
from sync.hub.schema.steps import bring_up_to_date as bring_up_to_date
from sync.hub.schema.steps import schema_version as schema_version
from sync.hub.schema.trust import trust_catalogue as trust_catalogue
from sync.hub.schema.trust import trust_document as trust_document
from sync.hub.schema.trust import trust_listing as trust_listing
from sync.hub.schema.trust import trust_mirrored as trust_mirrored
from sync.hub.schema.trust import trust_role as trust_role
from sync.hub.schema.trust import trust_told as trust_told

PROJECTIONS = (progress, result, learner, classroom, campus_word, certificate_request)
"""Tables that hold nothing that is not in a batch."""
