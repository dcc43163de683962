"""The numbers from which on checks report something; a settings file changes them (`check_settings`)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

type _Days = Annotated[int, Field(ge=1, le=36_500)]
type _Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Thresholds(BaseModel):
    """All thresholds; the defaults are those of the standards that the checks name, or ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unused_credential_days: _Days = Field(45, description="CRD-02, CRD-03: days without use of a key or password")
    access_key_days: _Days = Field(90, description="CRD-04: age of an access key in days")
    root_use_days: _Days = Field(90, description="ROT-03: days in which the root user must not have been used")
    unused_access_days: Annotated[int, Field(ge=1, le=400)] = Field(
        90, description="HYG-05, HYG-06: days without use of a role or service; AWS records use for 400 days"
    )
    password_length: Annotated[int, Field(ge=6, le=128)] = Field(14, description="CRD-11: characters of a password")
    password_reuse: Annotated[int, Field(ge=1, le=24)] = Field(24, description="CRD-11: passwords that must not recur")
    password_days: Annotated[int, Field(ge=1, le=1095)] = Field(90, description="CRD-11: age of a password in days")
    administrators: _Count = Field(10, description="ADM-11: administrators that an account may have")
    administrators_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        10, description="ADM-11: share of users and roles that may be administrators, in percent"
    )
    key_users: _Count = Field(
        10, description="RES-06: users and roles that may decrypt without the key policy's naming"
    )
    assuming_principals: _Count = Field(
        5, description="CHN-08: principals that make trust in an account wide, if the role does not read all data"
    )
    reachable_principals: _Count = Field(25, description="CHN-11: principals that one may become")
    external_id_length: Annotated[int, Field(ge=2, le=1224)] = Field(
        8, description="TRU-06: characters of an external ID"
    )
    policy_size_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        90, description="LNT-18: share of a policy's size quota, in percent"
    )


DEFAULT_THRESHOLDS = Thresholds()
