"""AL-PULL-SCALED: AL-PULL, its scores scaled as CAL's collapsed features would be; a control."""

from ncmc.methods._control import Scaled
from ncmc.methods.al_pull import AL_PULL


class AL_PULL_SCALED(Scaled, AL_PULL):
    """Scaled scores on a trained AL-PULL model; nothing is trained.

    With it AL has both of what CAL's counts do beside the geometry: the weight of rare classes in
    training, and that of their scores. What is left of CAL's gain over this is the geometry's.
    """

    trained_as = "AL-PULL"
