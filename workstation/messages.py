"""Sentences for codes: errors, refusals, checks, warnings, states; shared by window and command
line, which both stand above this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workstation.i18n import N_, tr

if TYPE_CHECKING:
    from workstation.domain.errors import WorkstationError
    from workstation.domain.estimate import NotEstimable
    from workstation.domain.intake import Refusal
    from workstation.domain.ports import SealCheck, SealProblem
    from workstation.services.importing import ImportResult

# Errors and refusals by code.
ERRORS = {
    "answer.not_a_number": N_("“{question}” needs a number."),
    "answer.not_text": N_("“{question}” needs a text of at most 4000 characters."),
    "answer.out_of_range": N_("“{question}” must be between {minimum} and {maximum}."),
    "answer.unknown_option": N_("“{value}” is no option of “{question}”."),
    "arbitration.answers_missing": N_(
        "The ruling leaves required answers open: {missing}. Decide them or answer them yourself."
    ),
    "arbitration.attributes_differ": N_(
        "{item}: the two objects differ in {attributes}. A union or intersection would take the "
        "word of one side; adopt one of them, or draw your own."
    ),
    "arbitration.blind_read_first": N_("Seal your own read first; X and Y are shown afterwards."),
    "arbitration.blind_read_sealed": N_("Your own read of this case is sealed already."),
    "arbitration.choice": N_("{item} cannot be decided with “{choice}”."),
    "arbitration.decisions_file": N_(
        "{file} does not fit the items of this dispute: item number to choice is needed."
    ),
    "arbitration.empty_combination": N_(
        "The two marks have no pixel in common; choose another decision."
    ),
    "arbitration.not_in_queue": N_("Case {case} is not in your queue."),
    "arbitration.no_dispute": N_("Case {case} has no dispute."),
    "arbitration.not_resolved": N_("Only a resolved dispute can be re-opened."),
    "arbitration.not_revealed": N_(
        "X and Y are not revealed yet, or the ruling is signed already."
    ),
    "arbitration.not_taken": N_("You have not taken this dispute, or it was released; open it."),
    "arbitration.not_to_release": N_(
        "Only a dispute that an arbitrator has taken, and not sealed, can be released."
    ),
    "arbitration.not_yours": N_("Another arbitrator has taken this dispute."),
    "arbitration.note_missing": N_("The ruling matches neither reader: add a note that says why."),
    "arbitration.nothing_own": N_(
        "{item}: there is no answer or mark of your own to keep; answer, draw or decide otherwise."
    ),
    "arbitration.reason_missing": N_("Choose the reason of the ruling."),
    "arbitration.release_reason": N_(
        "Say in at least {minimum} characters why the dispute is released."
    ),
    "arbitration.reopen_reason": N_(
        "Say in at least {minimum} characters why the dispute is re-opened."
    ),
    "arbitration.stale_comparison": N_("The case was compared again since; open the dispute anew."),
    "arbitration.unknown_item": N_(
        "{item}: the decision fits no item of this dispute; open it anew."
    ),
    "arbitration.unresolved": N_("Not decided yet: {items}."),
    "arbitration.was_reader": N_("You read this case yourself; another arbitrator has to rule."),
    "assignment.identity_unconfirmed": N_(
        "De-identification of these cases is not confirmed: {cases}."
    ),
    "assignment.no_case": N_("There is no included case to assign. Include cases first."),
    "assignment.not_a_reader": N_("These people are no active readers: {people}."),
    "assignment.not_included": N_(
        "Case {case} is not included (its state is {state}); include it first."
    ),
    "assignment.not_yours": N_("This case is not assigned to you."),
    "assignment.same_reader_twice": N_("Case {case}: the two readers must be different people."),
    "assignment.too_few_readers": N_(
        "The protocol needs {needed} readers; there are {found}. Add readers first."
    ),
    "audit.broken": N_(
        "The audit trail does not fit at event {seq}: the store was changed from "
        "outside. Restore a backup."
    ),
    "blinding.hidden": N_("This is hidden while the case is open."),
    "blob.damaged": N_(
        "An image file of the store is damaged or was exchanged. Restore it from a backup."
    ),
    "blob.key_missing": N_("The key of an image is missing; the image cannot be opened."),
    "blob.missing": N_("An image file of the store is missing. Restore it from a backup."),
    "box.inverted": N_("A region has its corners the wrong way round."),
    "box_shape.inverted": N_("A box has its corners the wrong way round."),
    "box_shape.not_finite": N_("A mark has a coordinate that is no place on an image."),
    "case.already_assigned": N_(
        "Case {case} is assigned already; this can only be changed before."
    ),
    "case.transition": N_("Case {case} cannot go from {state} to {to}."),
    "case.unknown": N_("There is no case {case}."),
    "colour.table": N_("The colour table of the image is damaged."),
    "contour.no_point": N_("{file}: a contour has no point."),
    "contour.outside": N_(
        "{file}: the contour point ({x}, {y}) lies outside of {limit} x {limit} pixels."
    ),
    "dataset.file": N_("{path}: size or hash of the file is not of the right form."),
    "dataset.fingerprint": N_("The record of version {version} does not match its fingerprint."),
    "dataset.folder_exists": N_("{folder} exists already; choose another folder or version."),
    "dataset.path": N_("“{path}” is no file name that means the same on every system."),
    "dataset.path_collision": N_("Two files would have the same name on some systems: {paths}."),
    "dataset.version": N_("“{version}” is no version; write v1.0, v1.1 ..."),
    "dicom.bad_value": N_("The DICOM attribute {attribute} has a value that cannot be read."),
    "dicom.bits": N_(
        "The DICOM file contradicts itself about its bits (stored {stored}, high "
        "{high}, allocated {allocated})."
    ),
    "dicom.damaged": N_("The DICOM file is damaged and cannot be read."),
    "dicom.float_pixels": N_("Pixels stored as floating-point numbers are not read."),
    "dicom.frame_size": N_("The decoded image is not of the size the header says."),
    "dicom.lossy": N_("CT with lossy compression ({syntax}) is not accepted."),
    "dicom.missing": N_("The attribute {attribute} is missing."),
    "dicom.no_frame": N_("There is no frame {frame}; the file has {frames}, counted from 1."),
    "dicom.no_pixels": N_("The DICOM object has no image ({sop_class})."),
    "dicom.photometric": N_("The colour model {photometric} is not read yet."),
    "dicom.pixel_format": N_("Pixels of {bits} bits with {samples} samples are not read."),
    "dicom.pixels_short": N_("The pixel data are too short ({found} of {needed} bytes)."),
    "dicom.transfer_syntax": N_("The transfer syntax “{syntax}” cannot be decoded."),
    "dicom.undecodable": N_(
        "The image could not be decoded ({syntax}); the data are probably damaged."
    ),
    "freeze.nothing_changed": N_(
        "The content is that of {parent} to the last bit; there is nothing to freeze."
    ),
    "lut.descriptor": N_("A look-up table of the file does not say what it is."),
    "lut.segments": N_("A segmented look-up table of the file is damaged."),
    "lut.short": N_("A look-up table of the file is short ({found} of {entries} entries)."),
    "lut.range": N_("The look-up table ({entries} entries of {bits} bits) cannot be used."),
    "case.visit": N_("Visit {visit} is not a number from 1 to 999."),
    "hanging.grid": N_("Images cannot be hung in {rows} rows of {cols}."),
    "window.range": N_("A window of width {width} at {center} cannot be a preset."),
    "image.planes": N_("Image {number} does not have one plane for each slice."),
    "image.samples": N_("Image {number} has {samples} channels; 1 or 3 are read."),
    "image.size": N_("Image {number} has no size."),
    "label.empty": N_("A label is empty in one of the two languages."),
    "mark.incomplete": N_("A mark lacks its id, its image or its class."),
    "mark.number": N_("The number of a mark is {number}; numbers start at 1."),
    "mask.array_ndim": N_("A mask is not a plane of pixels."),
    "mask.different_planes": N_("Two masks are of images of different size."),
    "mask.empty_centroid": N_("An empty mask has no centre."),
    "mask.outside": N_("A mask reaches beyond its image."),
    "mask.runs_order": N_("The runs of a painted mark overlap or are out of order."),
    "mask.runs_range": N_("The runs of a painted mark reach beyond its image."),
    "mask.runs_shape": N_("The runs of a painted mark are not pairs of start and length."),
    "mask.shape": N_("A painted mark has no size."),
    "painted.empty": N_("A painted mark holds no pixel."),
    "painted.negative_slice": N_("A mark lies on a slice with a negative number."),
    "png.pixels": N_("The pixels of a photograph are not of the form a PNG holds."),
    "point.not_finite": N_("A mark has a coordinate that is no place on an image."),
    "polygon.not_finite": N_("A mark has a coordinate that is no place on an image."),
    "polygon.too_few_vertices": N_(
        "An outline needs at least three corners; this one has {count}."
    ),
    "protocol.unknown_item": N_("The protocol has no agreement item “{item}”."),
    "question.duplicate_option": N_("The question “{question}” has an option twice."),
    "question.options": N_("The question “{question}” needs at least two options."),
    "reading.area_as_point": N_(
        "The mark {mark} on {image} is a point; its class is marked as an area."
    ),
    "reading.duplicate_mark": N_("Two marks or measures of the reading have the same id."),
    "look.range": N_("Brightness, contrast or gamma is out of range."),
    "measure.incomplete": N_("A measure lacks its id or its image."),
    "measure.not_finite": N_("A measure lies at a place no image has."),
    "measure.points": N_("A measure of this kind cannot have {count} points."),
    "quantity.kind": N_("A number in {unit} does not say what its millimetres mean."),
    "quantity.not_finite": N_("A number in {unit} is not finite."),
    "reading.duplicate_viewing": N_("The record of viewing names an image twice."),
    "reading.measure_place": N_("A measure is on an image or slice the case does not have."),
    "reading.viewing_place": N_(
        "The record of viewing names an image that is not part of the case."
    ),
    "viewing.range": N_("The record of viewing holds a number that is none."),
    "reading.outside": N_(
        "The mark {mark} holds no pixel of the image {image}; draw it again or delete it."
    ),
    "reading.point_as_area": N_(
        "The mark {mark} on {image} is an area; its class is marked by points."
    ),
    "reading.shape_json": N_("The shape of a mark is not of the documented form (reading/1)."),
    "render.window_on_colour": N_(
        "The image is in colour ({photometric}): a window has no meaning for it."
    ),
    "report.category_labels": N_("The report has not one label for each category of “{question}”."),
    "report.negative_count": N_("The report has a negative count ({reason})."),
    "report.overlap_pairs": N_("The report counts more agreeing pairs than there are ({pairs})."),
    "report.sum": N_("The parts of {where} do not add up to {whole}."),
    "report.time_zone": N_("The time of the report has no time zone."),
    "ruling.duplicate_decision": N_("A ruling decides the same item twice."),
    "schema.condition_level": N_(
        "The condition of “{question}” is about another level (image, eye, case)."
    ),
    "schema.condition_order": N_(
        "The condition of “{question}” is about a question that comes later."
    ),
    "schema.condition_value": N_("The condition of “{question}” names a value nobody can answer."),
    "schema.fovea_class": N_("fovea_class names “{code}”, which is no class of marks."),
    "schema.nearest_without_fovea": N_(
        "A class of which only the nearest lesion is marked needs fovea_class: the class of the fovea."
    ),
    "scope.key": N_("Only the case as a whole has no name; {level} “{key}” does not fit."),
    "slice_position.incomplete": N_("{file}: a slice has no position or no name."),
    "spacing.range": N_("A pixel spacing of {row_mm} x {col_mm} mm is not possible."),
    "store.not_rolled_back": N_(
        "The store is not older than what was seen before; there is nothing to accept."
    ),
    "store.rollback_reason": N_(
        "Say in at least {minimum} characters why the older store is accepted."
    ),
    "dicom.frames_described": N_(
        "The file says that it has {frames} frames and describes {described}."
    ),
    "view.quarter_turns": N_("A picture is turned by 0 to 3 quarter turns, not by {turns}."),
    "window.function": N_(
        "“{function}” is no window function; there are LINEAR, LINEAR_EXACT and SIGMOID."
    ),
    "window.no_display": N_(
        "There is no display here. Start from a desktop, or use the commands (workstation --help; "
        "the demo study without a display: installer/run.py --headless --out DIR)."
    ),
    "window.width": N_("A window of width {width} is not defined for {function}."),
    "window.none": N_("There is no window here."),
    "disk.full": N_(
        "The disk is full ({folder}). Free some space and try again; nothing was lost."
    ),
    "exclude.reason_missing": N_("Say why the case is excluded."),
    "file.not_written": N_("{file} cannot be written: {problem}."),
    "system.refused": N_("The system refused {file}: {problem}. What is saved stays saved."),
    "text.not_unicode": N_("A text holds bytes or characters that are no Unicode text."),
    "file.archive": N_(
        "This archive cannot be read, or lies within another; unpack it and deliver its files."
    ),
    "file.crashed_decoder": N_("The file made the decoder fail; it is refused."),
    "file.damaged": N_("The file is damaged ({kind})."),
    "file.encrypted": N_("The file is encrypted; deliver it without a password."),
    "file.no_image": N_("This is no DICOM, JPEG, PNG or TIFF image."),
    "file.timeout": N_("The file could not be read within {seconds} seconds."),
    "file.too_large": N_("The file is larger than {limit_mib} MiB."),
    "file.too_much_memory": N_("The file would need too much memory."),
    "file.unreadable": N_("The file cannot be read."),
    "export.not_holding": N_(
        "{folder} is not what was frozen (first: {file}); it is not exported. Verify it."
    ),
    "folder.not_writable": N_(
        "{folder} cannot be written. Choose another folder or ask for write access."
    ),
    "freeze.blocked": N_("Not ready to freeze: {checks}."),
    "freeze.changes_missing": N_("Say what changed since {parent}."),
    "freeze.reference_missing": N_("Case {case} has no reference standard."),
    "freeze.version_exists": N_("Version {version} exists already."),
    "identity.burned_in": N_(
        "The file says that identity is burned into its pixels; mask it before import."
    ),
    "identity.element": N_(
        "The header still holds identifying elements ({where}); de-identify the file first."
    ),
    "identity.name_id_number": N_("The file name looks like an identity number; rename the file."),
    "identity.name_number": N_(
        "The file name holds a number that looks like a hospital number; rename the file."
    ),
    "identity.name_person": N_("The file name looks like a person’s name; rename the file."),
    "identity.name_phone": N_("The file name looks like a phone number; rename the file."),
    "identity.photo_metadata": N_(
        "The photograph’s metadata may name a person ({where}); remove them first."
    ),
    "image.no_memory": N_(
        "There is not enough memory to show image {image}; close other programs and try again."
    ),
    "image.no_size": N_("The image has no size."),
    "image.too_large": N_("The image is too large ({rows} x {cols}, {frames} frames)."),
    "image.unknown": N_("There is no image {image}."),
    "import.ambiguous_name": N_(
        "The list’s “{listed}” fits {count} delivered files; list them with their folders."
    ),
    "import.archive_entries": N_(
        "The archive {file} holds more than {limit} files; deliver it in parts."
    ),
    "import.changed": N_("The file was changed while it was imported; import it again."),
    "import.disk": N_("The import needs about {needed_mib} MiB; {free_mib} MiB are free."),
    "import.duplicate": N_("The study has this image already ({image})."),
    "import.eye_conflict": N_(
        "The header says {header}, the list says {listed}; correct one of them."
    ),
    "import.no_patient": N_(
        "It is not known whose photograph this is: give a list or a file-name pattern."
    ),
    "import.not_confirmed": N_(
        "Type your own name ({name}) to confirm that the data were de-identified elsewhere."
    ),
    "import.nothing_found": N_("There is no file to import."),
    "import.pattern_and_list": N_("Give a pattern or a list, not both."),
    "import.several_frames": N_(
        "The file holds {frames} frames; a fundus study takes single photographs."
    ),
    "import.source_missing": N_("{source} does not exist."),
    "import.twice": N_("The same file is delivered twice (also as {other})."),
    "import.wrong_modality": N_("{modality} does not belong in this study."),
    "include.eye_unknown": N_("Case {case}: say which eye these images show first: {images}."),
    "include.no_target": N_("Case {case} has no target series; choose one first."),
    "keys.not_yours": N_("Only your own key can sign for you."),
    "keyslots.damaged": N_(
        "The key file of the study is damaged. Restore keyslots.json from a backup."
    ),
    "keyslots.other_store": N_("The key file belongs to another study."),
    "keyslots.parameters": N_(
        "The key file has parameters that are not accepted; it was changed from outside."
    ),
    "keyslots.rolled_back": N_("The key file is older than the store remembers; it was put back."),
    "keyslots.signature": N_(
        "The signature of the key file does not hold; it was changed from outside."
    ),
    "lidc.broken_xml": N_("{file} is damaged or cut off: the XML breaks at line {line}."),
    "lidc.document_type": N_("{file} declares a document type or entities; it is refused."),
    "lidc.element": N_("{file}: the element “{element}” is not read, and not left out silently."),
    "lidc.missing": N_("{file}: {element} is missing or empty."),
    "lidc.none": N_("{folder} holds no XML file."),
    "lidc.not_xml": N_("{file} is no XML."),
    "lidc.other_xml": N_("{file} is XML, but no LIDC-IDRI reading (“{root}”)."),
    "lidc.too_large": N_("{file} is larger than {limit_mib} MiB; no reading file is."),
    "lidc.unreadable": N_("{file} cannot be read."),
    "lidc.value": N_("{file}: “{value}” is no value of {element}."),
    "mapping.cell": N_("{file}, row {row}: “{value}” in column {column} is not understood."),
    "mapping.column": N_("{file}: the column “{column}” is missing, or there twice."),
    "mapping.empty": N_("{file} is empty."),
    "mapping.encoding": N_("{file} is neither UTF-8 nor GBK."),
    "mapping.eye": N_("“{value}” is no eye; write OD or OS (R/L, 右眼/左眼 also count)."),
    "mapping.pattern": N_(
        "The pattern “{pattern}” is not understood: it needs {{patient}} once, and "
        "may have {{eye}}, {{field}}, {{centre}}."
    ),
    "mapping.twice": N_("{file}, row {row}: {value} is listed twice."),
    "mapping.unreadable": N_("{file} cannot be read as a list."),
    "mark.no_pixel": N_("A mark holds no pixel; draw it again or delete it."),
    "nodule.characteristic": N_(
        "{file}, nodule {nodule}: {name} is {value}; it goes from 1 to {levels}."
    ),
    "nodule.no_contour": N_("{file}: nodule {nodule} has no contour."),
    "nodule_readings.no_reader": N_("{file} holds no reading session."),
    "nodule_readings.slice": N_("{file}: slice {sop_uid} stands at two positions."),
    "passphrase.characters": N_("The passphrase holds characters that are no Unicode text."),
    "passphrase.file": N_("The passphrase file {file} cannot be read."),
    "passphrase.guessable": N_(
        "This passphrase is too easy to guess: it holds the login or few different characters."
    ),
    "passphrase.missing": N_(
        "A passphrase is needed: --passphrase-file FILE, or - for standard input."
    ),
    "passphrase.too_short": N_("The passphrase needs at least {minimum} characters."),
    "person.display_name": N_("Give a name of at most 80 characters."),
    "person.login": N_(
        "“{login}” is no login: small letters, digits, . _ - and at least two of them."
    ),
    "person.login_taken": N_("The login {login} is taken."),
    "person.role_conflict": N_("A coordinator neither reads nor arbitrates in the same study."),
    "person.roles": N_("Give {login} at least one role."),
    "person.unknown": N_("There is no person with login {login}."),
    "overlay.short": N_("An overlay of the file is damaged ({found} of {needed} pixels)."),
    "photo.colour_model": N_(
        "A TIFF of the colour model {model} with {samples} channels is not read; save it as RGB or grey."
    ),
    "photo.damaged": N_("The picture is damaged ({kind})."),
    "photo.several_pages": N_(
        "The file holds several pages or frames; deliver each picture as a file of its own."
    ),
    "photo.transparent": N_("The picture has transparent parts; deliver it without."),
    "photo.unsupported": N_("A picture of {bits} bits with {samples} channels is not accepted."),
    "protocol.agreement_items": N_("The protocol needs agreement items, each with its own id."),
    "protocol.choice": N_("{where}: “{value}” is none of {choices}."),
    "protocol.code": N_("{where}: “{value}” is no code (Latin letters, digits, _ . -)."),
    "protocol.color": N_("{where}: “{value}” is no colour (#rrggbb)."),
    "protocol.condition": N_("{where}: a condition is a list of question: [values]."),
    "protocol.field": N_("{where}: the field “{field}” is missing or no {needed}."),
    "protocol.format": N_("The protocol has the format “{format}”, which is not known."),
    "protocol.item_needs": N_("{where}: a rule of the kind “{kind}” needs the field “{field}”."),
    "protocol.item_unneeded": N_(
        "{where}: a rule of the kind “{kind}” does not look at the field “{field}”; take it out."
    ),
    "protocol.label": N_("{where}: a label needs zh_CN and en."),
    "protocol.not_an_attribute": N_(
        "{where}: “{attribute}” is no attribute of the class of marks “{code}”."
    ),
    "protocol.question_kind": N_(
        "{where}: “{question}” is no form question of the kind this rule compares ({kinds})."
    ),
    "protocol.readers_per_case": N_("A blind study needs at least two readers per case."),
    "protocol.two_readers": N_(
        "The protocol asks for {readers} readers per case: comparison handles more than two, "
        "the arbitration desk shows two, so a study needs exactly two."
    ),
    "protocol.reasons": N_(
        "{where}: give at least one reason for rulings, each with its own code: "
        "without one no ruling can be signed."
    ),
    "protocol.threshold": N_(
        "{where}: write the threshold “{value}” as text or whole number, so that it is exact."
    ),
    "protocol.unit": N_("{where}: the unit {unit} is finer than the question."),
    "protocol.unknown": N_("There is no protocol “{name}”: name a shipped one, or a YAML file."),
    "protocol.unknown_code": N_(
        "{where}: “{code}” in the field “{field}” is nothing this protocol has."
    ),
    "protocol.unknown_field": N_("{where}: these fields are not known: {fields}."),
    "protocol.yaml": N_("{file} is no readable YAML: {problem}."),
    "qualification.years": N_("{years} years of experience is not possible."),
    "reading.body_json": N_("The reading is not of the documented form (reading/1)."),
    "reading.case_closed": N_("Reading of case {case} is closed."),
    "reading.changed_elsewhere": N_("This draft was changed in another window at {at}."),
    "reading.file": N_("{file} is no reading in JSON."),
    "reading.format": N_("The reading has the format “{format}”; reading/1 is needed."),
    "reading.marks_not_evaluable": N_(
        "Image {image} is called not evaluable and has marks: {marks}. Delete them, or change the "
        "answer."
    ),
    "reading.incomplete": N_("Not complete yet: {missing}."),
    "reading.mask_size": N_("The painted mark {mark} is not of the size of the image {image}."),
    "reading.slice": N_("The mark {mark} lies on slice {slice}; {image} has {slices}."),
    "reading.submitted": N_("This reading is submitted and can no longer be changed."),
    "reading.two_foveas": N_("Image {image} has more than one fovea: {marks}. Keep one."),
    "reading.unknown_attribute": N_("“{attribute}” is no attribute of the mark {mark}."),
    "reading.unknown_image": N_("The mark {mark} is on an image that is not part of the case."),
    "reading.unknown_scope": N_("{scope} is not part of the case."),
    "reading.wrong_level": N_("“{question}” is not asked of {scope}."),
    "report.font_missing": N_("The report font ({weight}) is missing in {folder}."),
    "report.language": N_("“{language}” is no report language."),
    "report.not_written": N_("The report could not be written to {path}: {why}"),
    "role.needed": N_("This needs the role {role}."),
    "ruling.confidence": N_("Confidence goes from 1 to 4."),
    "schema.duplicate": N_("These codes stand twice: {codes}."),
    "schema.unknown_class": N_("There is no class of marks “{code}”."),
    "schema.unknown_question": N_("There is no question “{code}”."),
    "scope.text": N_("“{text}” names no part of a case."),
    "signin.failed": N_("Login or passphrase is wrong."),
    "signin.inactive": N_("This person is no longer active in the study."),
    "stack.partly_known": N_(
        "Other files of the series are already in the study as {image}; a series is imported whole."
    ),
    "stack.depths": N_("The slices of the series have values that no one bit depth holds."),
    "stack.duplicate_position": N_("Another slice lies at the same place."),
    "stack.incomplete": N_("The series is refused as a whole because {file} could not be read."),
    "stack.orientation": N_(
        "The slice’s directions are no unit vectors at a right angle; it cannot be placed."
    ),
    "stack.no_position": N_("The slice has no position in space."),
    "store.busy": N_("Another program is writing to this study. Try again in a moment."),
    "store.damaged": N_("The store is damaged, or this is no study store. Restore a backup."),
    "store.immutable": N_("Submitted and frozen records cannot be changed."),
    "store.keys_missing": N_(
        "The folder has no keys.db, or an empty one: no image could be opened. Restore a backup."
    ),
    "store.missing": N_(
        "The folder has no store.db, or an empty one; the study is not complete. Restore a backup."
    ),
    "store.network_path": N_("A study must lie on a local disk, not on a network path ({folder})."),
    "store.newer_than_program": N_(
        "The study was written by a newer version of this program (revision "
        "{revision}); update the program."
    ),
    "store.not_found": N_("There is no {noun} {key}."),
    "store.not_writable": N_("The study’s folder cannot be written."),
    "store.rolled_back": N_(
        "The store is older than what was seen before (event {found} instead of "
        "{remembered}): an old copy was put back. If that was meant, a coordinator accepts it: "
        "workstation store accept-rollback --store {folder} --login LOGIN --because TEXT"
    ),
    "store.unreadable_value": N_("A stored value cannot be read ({kind}); the store is damaged."),
    "study.folder_exists": N_("{folder} exists already; choose another name."),
    "study.missing": N_("The folder holds no study."),
    "study.not_a_study": N_("{folder} is no study folder."),
    "study.unreadable": N_("{folder} cannot be read."),
    "volume.lookup_table": N_(
        "{image} has a look-up table instead of a linear rescale: no planes, no 3-D view."
    ),
    "volume.no_geometry": N_("{image} has no slice positions: no planes, no 3-D view."),
    "volume.no_opengl": N_(
        "The 3-D view needs OpenGL, which this machine does not offer; the planes work without it."
    ),
    "volume.no_spacing": N_(
        "The pixel spacing of {image} in the patient is unknown: no planes, no 3-D view."
    ),
    "volume.no_stack": N_("{image} is no stack of grey slices: no planes, no 3-D view."),
    "volume.one_slice": N_("{image} has one slice only: no planes, no 3-D view."),
    "volume.plane": N_("These directions are no plane."),
    "volume.steps": N_("The slices of this stack span no space."),
    "volume.tilt": N_(
        "{image} was taken with a gantry tilt of {tilt}°, and how its slices are shifted is not "
        "known: no planes, no 3-D view."
    ),
    "volume.uneven": N_(
        "The slices of {image} are {least} to {most} mm apart, or some are missing: no planes, no "
        "3-D view."
    ),
    "volume.voxels": N_("The pixels do not fit the description of this stack."),
}

# Why a number does not exist.
NOT_ESTIMABLE = {
    "both_empty": N_("neither reader outlined a nodule"),
    "no_matched_nodule": N_("no nodule outlined by both"),
    "one_reader": N_("fewer than two readers"),
}

# What readings of the LIDC-IDRI collection are, and what may not be said from them.
LIDC_CAVEATS = {
    "unblinded": N_(
        "These are the second, unblinded reads: each reader had seen the others’ marks. They say "
        "nothing about agreement between blind readers."
    ),
    "reader_numbers": N_(
        "Reader numbers are places in one file; they do not persist between patients, and nothing "
        "is summed by reader."
    ),
    "radiographs": N_(
        "Some files of the collection are chest radiographs; they are named and not read as CT."
    ),
    "outline_outside": N_(
        "Contour points lie just outside of the nodule: each contour is filled and its own pixels "
        "are removed."
    ),
    "matching": N_(
        "Nodules of at least 3 mm are matched one to one by overlap; a lesion outlined by one "
        "reader and marked as a point by the other counts as outlined by one only."
    ),
    "pixels": N_("Overlap is counted in voxels; the files give no pixel size, hence no volumes."),
}

# What can be wrong with a frozen folder.
SEAL = {
    "seal.missing": N_("SEAL.json is missing: this is no frozen dataset."),
    "seal.unreadable": N_("SEAL.json cannot be read."),
    "seal.format": N_("SEAL.json is of an unknown form."),
    "file.missing": N_("Missing: {path}"),
    "file.unlisted": N_("Not part of the version: {path}"),
    "file.differs": N_("Differs from what was frozen: {path}"),
    "file.link": N_("A link instead of a file: {path}"),
    "file.collision": N_("Two files have the same name."),
    "file.name": N_("A file name that is not allowed: {path}"),
    "manifest.unreadable": N_("A manifest cannot be read: {path}"),
    "manifest.differs": N_("Differs from its manifest: {path}"),
    "fingerprint.differs": N_("The fingerprint differs from the seal."),
    "signature.missing": N_("The signature is missing: {path}"),
    "signature.invalid": N_("The signature does not hold: {path}"),
}

# Lines of the freeze checklist.
CHECKS = {
    "freeze.any_case": N_("At least one case has a reference standard"),
    "freeze.all_decided": N_("Every imported case is included or excluded"),
    "freeze.all_assigned": N_("Every included case is assigned"),
    "freeze.all_read": N_("Every assigned case is read by all its readers"),
    "freeze.all_compared": N_("Every read case is compared"),
    "freeze.all_ruled": N_("Every dispute is ruled"),
    "freeze.enough_readings": N_("Every case has enough readings"),
    "freeze.one_protocol": N_("All readings follow one protocol revision"),
}

# What an image is marked with at import.
WARNINGS = {
    "stack.gap": N_("Gap after slice {detail}"),
    "stack.step": N_("Slice distance varies ({detail} mm): no 3-D view"),
    "stack.offset": N_("Slices are shifted against each other ({detail} mm): no 3-D view"),
    "stack.tilt": N_("Gantry tilt {detail}°: each slice is shifted against the last"),
    "photo.profile_unusable": N_("Colour profile of the file not usable: colours shown as stored"),
    "photo.metadata_dropped": N_("Metadata of the picture dropped"),
    "photo.exif_orientation": N_("The picture asks to be rotated; it is shown as stored"),
    "photo.maybe_damaged": N_("The picture may be damaged; look at it before it is read"),
    "photo.lossy": N_("Lossy compression"),
    # In studies imported before the next line was: of photographs only.
    "photo.spacing_unusable": N_("Pixel spacing of the file not usable: no millimetres"),
    "spacing.unusable": N_("{detail} of the file is not usable: no millimetres from it"),
    "spacing.regions": N_("{detail} ultrasound regions, each with its own scale: no millimetres"),
    "spacing.region_units": N_("The ultrasound region is not in centimetres: no millimetres"),
    "spacing.region_outside": N_(
        "The ultrasound region does not fit the picture ({detail} px): no millimetres"
    ),
    "spacing.in_region": N_("Millimetres hold in the ultrasound region only ({detail} px)"),
}

# What a millimetre of an image means; said wherever one is shown.
SPACINGS = {
    "patient": N_("in the patient"),
    "estimated": N_("estimated in the patient"),
    "detector": N_("at detector"),
    "nominal": N_("nominal"),
    "unknown": N_("not known"),
}

# States and roles as people see them.
STATES = {
    "imported": N_("imported"),
    "included": N_("included"),
    "excluded": N_("excluded"),
    "assigned": N_("assigned"),
    "awaiting_comparison": N_("awaiting comparison"),
    "agreed": N_("agreed"),
    "disputed": N_("disputed"),
    "ruled": N_("ruled"),
    "withdrawn": N_("withdrawn"),
    "waiting": N_("waiting"),
    "in_progress": N_("in progress"),
    "submitted": N_("submitted"),
    "application": N_("by the program"),
    "open": N_("open"),
    "blind_read_sealed": N_("own read sealed"),
    "revealed": N_("revealed"),
    "resolved": N_("ruled"),
    "coordinator": N_("coordinator"),
    "reader": N_("reader"),
    "arbitrator": N_("arbitrator"),
}

# Typed reasons of a dispute.
REASONS = {
    "not_evaluable_one_side": N_("not evaluable on one side only"),
    "category": N_("category differs"),
    "ordinal_distance": N_("too many steps apart"),
    "decision_boundary": N_("decision boundary crossed"),
    "lesion_iou": N_("lesion area IoU"),
    "class_iou": N_("class area IoU"),
    "missing_object": N_("missing or extra object"),
    "split_merge": N_("one object here, several there"),
    "class_differs": N_("same lesion, other class"),
    "attribute": N_("attribute differs"),
    "measurement": N_("measurement differs"),
    "one_side_only": N_("answered by one reader only"),
    "comparator_failed": N_("could not be compared"),
}

# Steps of long work.
STEPS = {
    "find": N_("Looking for files"),
    "inspect": N_("Inspecting files"),
    "read": N_("Reading images"),
    "freeze": N_("Writing the version"),
    "export": N_("Exporting"),
    "verify": N_("Verifying files"),
    "demo.images": N_("Drawing the demo images"),
    "demo.import": N_("Importing"),
    "demo.read": N_("Readers read"),
    "demo.arbitrate": N_("The arbitrator rules"),
    "demo.freeze": N_("Freezing"),
    "demo.report": N_("Making the report"),
    "demo.create": N_("Creating the study"),
}


def unmatched_text(names: Sequence[str]) -> str:
    """What an import says of listed photographs that were not delivered; the first are named."""
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    return tr(
        "{count} listed photographs were not delivered: {names}", count=len(names), names=shown
    )


def _filled(text: str, params: Mapping[str, Any]) -> str:
    shown = {name: _shown(value) for name, value in params.items()}
    try:
        return tr(text).format(**shown)
    except (KeyError, IndexError):
        return tr(text)


def _shown(value: Any) -> str:
    """A parameter as people read it: lists joined, nested lists as their parts, a moment by the
    clock on the wall."""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%H:%M:%S")
    if isinstance(value, (list, tuple)):
        parts = [" / ".join(map(str, v)) if isinstance(v, (list, tuple)) else v for v in value]
        return ", ".join(str(p) for p in parts)
    return str(value)


def coded(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of an error or refusal code."""
    if code in ERRORS:
        return _filled(ERRORS[code], params)
    details = ", ".join(f"{k}={_shown(v)}" for k, v in params.items())
    return tr("This value is not valid ({code}: {details}).", code=code, details=details)


# What of a study's databases does not hold (`audit verify`).
DAMAGE = {
    "store.db": N_("store.db is damaged: a page is not as it was written. Restore a backup."),
    "keys.db": N_("keys.db is damaged: a page is not as it was written. Restore a backup."),
    "keys": N_(
        "keys.db lacks the keys of some images: it is older than the study. Restore a backup."
    ),
}


def damage_text(name: str) -> str:
    return tr(DAMAGE[name])


def sentence(error: WorkstationError) -> str:
    return coded(error.code, error.params)


def refusal(refused: Refusal) -> str:
    return coded(refused.code, refused.params)


def seal_problem(problem: SealProblem) -> str:
    return _filled(SEAL[problem.code], {"path": problem.path})


def seal_text(check: SealCheck, most: int | None = None) -> str:
    """What verifying a frozen folder found: that it holds, or the first `most` problems."""
    if check.holds:
        return tr(
            "{version} holds: {count} files, fingerprint {fingerprint}",
            version=check.version,
            count=check.file_count,
            fingerprint=check.fingerprint,
        )
    return "\n".join(seal_problem(p) for p in check.problems[:most])


def import_text(result: ImportResult) -> str:
    """What became of an import, in numbers."""
    return tr(
        "{images} images in {cases} cases; {refused} of {files} files refused.",
        images=len(result.images),
        cases=len(result.case_numbers),
        refused=len(result.refusals),
        files=result.file_count,
    )


def check_text(code: str) -> str:
    return tr(CHECKS[code])


def warning(code: str) -> str:
    """An image's warning; what stands after the colon is its detail."""
    name, _, detail = code.partition(":")
    return _filled(WARNINGS[name], {"detail": detail})


def spacing_text(kind: str) -> str:
    """What the millimetres of a `SpacingKind` mean."""
    return tr(SPACINGS[kind])


def state_text(code: str) -> str:
    return tr(STATES[code])


def reason_text(code: str) -> str:
    return tr(REASONS[code])


def not_estimable(result: NotEstimable) -> str:
    """What is printed in place of a number that does not exist."""
    reason = NOT_ESTIMABLE.get(result.reason_code, result.reason_code)
    return tr("not estimable ({reason})", reason=tr(reason))


def step_text(code: str) -> str:
    """A step of long work; a text that is no code is shown as it is."""
    return tr(STEPS[code]) if code in STEPS else code
