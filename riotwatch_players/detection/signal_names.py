"""The names of a judgement: factors, and the signals that each rests on.

A signal is one number about an account (see `signals`); a model card weighs signals, and the contribution of a factor
is the sum of its signals'.
"""

SIGNALS = {
    "win_rate": ("wins", "lift"),
    "kda": ("kda",),
    "account_level": ("youth", "rank_for_level"),
    "rank_discrepancy": ("performance",),
    "rank_progression": ("climb", "climb_beyond_wins"),
    "win_rate_trend": ("win_change",),
    "performance_consistency": ("spread", "thrown", "beside_thrown", "alike"),
    "performance_trends": ("step", "step_over_line"),
    "role_performance": ("second_role", "new_champions"),
    "duo_dependency": ("partner_share", "partner_edge", "carried", "wins_together", "partner_wins"),
    "identity_shift": ("identity_change", "identity_step", "alternation", "hours_apart", "champion_contrast"),
    "inactivity": ("pause",),
}
CONTEXT = ("duo_dependency", "identity_shift", "inactivity")
"""What surrounds the nine factors: who plays along, whether somebody else seems to play, and breaks."""
FACTORS = tuple(name for name in SIGNALS if name not in CONTEXT)
EVERY_FACTOR = (*FACTORS, *CONTEXT)
FACTOR_OF_SIGNAL = {signal: factor for factor, signals in SIGNALS.items() for signal in signals}
