using Guardian.Refusals;

namespace Guardian.Simulation.Processor;

/// <summary>The reasons for which a simulated machine refuses.</summary>
public static class SimulationReasons
{
    /// <summary>
    /// EINIT refuses the enclave, or the EPC is too small for it. The location's part is <c>signature</c>, <c>measurement</c>,
    /// <c>attributes</c> or <c>epc</c>.
    /// </summary>
    public static readonly RefusalReason LaunchRefused = new(
        "launch-refused", RefusalKind.Damaged,
        "The simulated machine does not start the enclave: the signature does not fit its code, or the EPC is too small.");
}
