"""Why a file was refused at import, in few words: a line of the flow, not the sentence for whoever
delivers it (`workstation/messages.py`, which stands above this room)."""

from __future__ import annotations

from workstation.i18n import N_, tr

REFUSED = {
    "dicom.bad_value": N_("DICOM attribute with a value that cannot be read"),
    "dicom.bits": N_("DICOM header contradicts itself about its bits"),
    "dicom.damaged": N_("damaged DICOM file"),
    "dicom.float_pixels": N_("pixels stored as floating-point numbers"),
    "dicom.frame_size": N_("image not of the size the header says"),
    "dicom.lossy": N_("CT with lossy compression"),
    "dicom.missing": N_("DICOM attribute missing"),
    "dicom.frames_described": N_("frames and their descriptions differ in number"),
    "dicom.no_pixels": N_("DICOM object without an image"),
    "dicom.photometric": N_("colour model not read"),
    "dicom.pixel_format": N_("pixel format not read"),
    "dicom.pixels_short": N_("pixel data too short"),
    "dicom.transfer_syntax": N_("transfer syntax not decoded"),
    "dicom.undecodable": N_("image that cannot be decoded"),
    "file.archive": N_("archive that cannot be read, or lies within another"),
    "file.crashed_decoder": N_("file on which the decoder failed"),
    "file.damaged": N_("damaged file"),
    "file.encrypted": N_("encrypted file"),
    "file.no_image": N_("no DICOM, JPEG, PNG or TIFF image"),
    "file.timeout": N_("file not read in time"),
    "file.too_large": N_("file too large"),
    "file.too_much_memory": N_("file needs too much memory"),
    "file.unreadable": N_("file that cannot be read"),
    "identity.burned_in": N_("identity said to be burned into the pixels"),
    "identity.element": N_("identifying elements in the header"),
    "identity.name_id_number": N_("identity number in the file name"),
    "identity.name_number": N_("hospital number in the file name"),
    "identity.name_person": N_("name of a person in the file name"),
    "identity.name_phone": N_("phone number in the file name"),
    "identity.photo_metadata": N_("metadata of a photograph that may name a person"),
    "image.no_size": N_("image without a size"),
    "image.too_large": N_("image too large"),
    "import.changed": N_("file changed while it was imported"),
    "import.duplicate": N_("image the study has already"),
    "import.eye_conflict": N_("header and list name different eyes"),
    "import.no_patient": N_("patient of the photograph not known"),
    "import.twice": N_("file delivered twice"),
    "import.several_frames": N_("several frames in one file"),
    "import.wrong_modality": N_("modality that does not belong in the study"),
    "lut.descriptor": N_("look-up table that does not say what it is"),
    "lut.segments": N_("damaged segmented look-up table"),
    "lut.short": N_("look-up table too short"),
    "photo.colour_model": N_("colour model of the picture not read"),
    "photo.damaged": N_("damaged picture"),
    "photo.several_pages": N_("picture with several pages or frames"),
    "photo.transparent": N_("picture with transparent parts"),
    "photo.unsupported": N_("bits or channels of the picture not accepted"),
    "stack.depths": N_("series of values that no one bit depth holds"),
    "stack.duplicate_position": N_("second slice at the same place"),
    "stack.incomplete": N_("series with a slice that could not be read"),
    "stack.partly_known": N_("rest of a series of which the study has a part"),
    "stack.orientation": N_("slice whose directions are no right angle"),
    "stack.no_position": N_("slice without a position in space"),
}


def refused_name(code: str) -> str:
    """The label of a refusal code; a code of an older program is printed as it is."""
    return tr(REFUSED[code]) if code in REFUSED else code
