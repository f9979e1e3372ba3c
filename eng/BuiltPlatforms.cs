using Guardian.Attestation.Launch;

/// <summary>The platforms of this build: the one place where an executable names simulation.</summary>
internal static class BuiltPlatforms
{
    public static PlatformSupport Support =>
#if SIMULATION
        Guardian.Simulation.SimulatedPlatforms.Support;
#else
        PlatformSupport.HardwareOnly;
#endif
}
