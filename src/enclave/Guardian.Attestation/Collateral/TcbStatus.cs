namespace Guardian.Attestation.Collateral;

/// <summary>What Intel says of a set of security versions, in Intel's words.</summary>
public enum TcbStatus
{
    /// <summary>Nothing is known against it.</summary>
    UpToDate,

    /// <summary>Up to date, but software in the enclave has to mitigate something.</summary>
    SWHardeningNeeded,

    /// <summary>Up to date, but the platform's configuration leaves something open.</summary>
    ConfigurationNeeded,

    /// <summary>Both of the former.</summary>
    ConfigurationAndSWHardeningNeeded,

    /// <summary>The platform lacks an update.</summary>
    OutOfDate,

    /// <summary>The platform lacks an update, and its configuration leaves something open.</summary>
    OutOfDateConfigurationNeeded,

    /// <summary>No longer trustworthy at all.</summary>
    Revoked,

    /// <summary>The trust domain was launched by an outdated TDX module; launching it again brings it up to date.</summary>
    TDRelaunchAdvised,

    /// <summary>As before, and the platform's configuration leaves something open.</summary>
    TDRelaunchAdvisedConfigurationNeeded,
}

/// <summary>One entry of a list of levels: what holds from these versions on.</summary>
/// <param name="Date">tcbDate: everything known at that date is taken into account.</param>
public sealed record TcbLevel(TcbStatus Status, DateTimeOffset Date, IReadOnlyList<string> AdvisoryIds);
