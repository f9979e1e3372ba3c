using Guardian.Refusals;

namespace Guardian.Simulation;

/// <summary>The reasons for which a simulated machine refuses.</summary>
public static class SimulationReasons
{
    /// <summary>EINIT refuses the enclave, or the EPC is too small for it.</summary>
    public static RefusalReason LaunchRefused { get; } = new(
        "launch-refused", RefusalKind.Damaged, "The simulated machine does not start the enclave: the signature does not fit its code, or "
        + "the EPC is too small.");
}
