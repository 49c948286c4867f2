"""AL-SCALED: AL, its scores scaled as CAL's collapsed features would scale them; a control."""

from ncmc.methods._control import Scaled


class AL_SCALED(Scaled):
    """Scaled scores on a trained AL model; nothing is trained.

    What is left of CAL's gain over this is not scaling.
    """

    trained_as = "AL"
