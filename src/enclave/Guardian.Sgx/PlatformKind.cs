namespace Guardian.Sgx;

/// <summary>The kind of platform that runs an enclave. A simulated platform never passes for hardware.</summary>
public enum PlatformKind
{
    /// <summary>A processor with SGX.</summary>
    Hardware,

    /// <summary>The formats and checks of SGX without its protection.</summary>
    Simulated,
}
