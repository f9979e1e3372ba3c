namespace Guardian.Attestation.Collateral;

/// <summary>Intel's judgement of a set of security versions, in Intel's words.</summary>
public enum TcbStatus
{
    /// <summary>No known weakness.</summary>
    UpToDate,

    /// <summary>Up to date, but software in the enclave must mitigate a weakness.</summary>
    SWHardeningNeeded,

    /// <summary>Up to date, but the platform's configuration leaves a weakness.</summary>
    ConfigurationNeeded,

    /// <summary>Both <see cref="ConfigurationNeeded"/> and <see cref="SWHardeningNeeded"/>.</summary>
    ConfigurationAndSWHardeningNeeded,

    /// <summary>The platform lacks an update.</summary>
    OutOfDate,

    /// <summary>The platform lacks an update, and its configuration leaves a weakness.</summary>
    OutOfDateConfigurationNeeded,

    /// <summary>Not trustworthy any more.</summary>
    Revoked,

    /// <summary>An outdated TDX module launched the trust domain; a new launch brings it up to date.</summary>
    TDRelaunchAdvised,

    /// <summary>As <see cref="TDRelaunchAdvised"/>, and the platform's configuration leaves a weakness.</summary>
    TDRelaunchAdvisedConfigurationNeeded,
}

/// <summary>One entry of a list of levels: Intel's judgement from certain versions on.</summary>
/// <param name="Status">The status.</param>
/// <param name="Date">tcbDate: the level accounts for everything known at that date.</param>
/// <param name="AdvisoryIds">Advisories that apply, for example <c>INTEL-SA-00615</c>; may be empty, also with other statuses than
/// UpToDate.</param>
public sealed record TcbLevel(TcbStatus Status, DateTimeOffset Date, IReadOnlyList<string> AdvisoryIds);
