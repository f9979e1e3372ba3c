using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Launch;

/// <summary>Starts the running program as an enclave of a simulated machine.</summary>
/// <param name="programDirectory">The folder whose files are the enclave's code.</param>
/// <param name="machineDirectory">The folder with the machine's identity.</param>
/// <param name="product">The ISVPRODID, unless a vendor's signature in the program folder says another.</param>
/// <param name="epcSize">Bytes of EPC, or null for the machine's default.</param>
/// <returns>The process as an enclave.</returns>
public delegate EnclaveProcess SimulationLauncher(
    string programDirectory, string machineDirectory, EnclaveProduct product, long? epcSize);

/// <summary>The platforms of a build of an executable. A hardware build has <see cref="HardwareOnly"/>. Immutable.</summary>
/// <param name="Anchors">The roots of trust that the executable knows. Its policies decide which platforms they accept.</param>
/// <param name="Simulate">Starts a simulated enclave when there is no hardware; null in a hardware build.</param>
public sealed record PlatformSupport(IReadOnlyList<TrustAnchor> Anchors, SimulationLauncher? Simulate)
{
    /// <summary>Opens the quoting enclave of the simulated machine in a folder; null in a hardware build. It throws
    /// <see cref="InvalidDataException"/> when the folder has something else.</summary>
    public Func<string, IQuotingService>? SimulateQuoting { get; init; }

    /// <summary>TARGETINFO of the simulated quoting enclave, 512 bytes; empty in a hardware build.</summary>
    public ReadOnlyMemory<byte> SimulatedQuotingTarget { get; init; }

    /// <summary>Intel's root, and no simulation.</summary>
    public static PlatformSupport HardwareOnly { get; } = new([TrustAnchor.Intel], null);

    /// <summary>Opens the hardware platform; without one, launches a simulated enclave if the build has simulation.</summary>
    /// <inheritdoc cref="SimulationLauncher"/>
    /// <exception cref="PlatformNotSupportedException">There is no SGX here, and this build has no simulation.</exception>
    public EnclaveProcess Open(string programDirectory, string machineDirectory, EnclaveProduct product, long? epcSize = null) =>
        EnclaveProcess.TryOpenHardware()
        ?? Simulate?.Invoke(programDirectory, machineDirectory, product, epcSize)
        ?? throw new PlatformNotSupportedException("this process does not run inside an SGX enclave, and this build has no simulation");
}
