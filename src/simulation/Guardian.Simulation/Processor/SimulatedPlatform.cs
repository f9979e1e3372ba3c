using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;
using Guardian.Simulation.Memory;

namespace Guardian.Simulation.Processor;

/// <summary>
/// A simulated machine: an identity in a directory, an EPC, and the enclaves in it. It has the formats and checks of SGX and none of its
/// protection. Thread-safe; several processes may share a directory, each with its own EPC.
/// </summary>
public sealed class SimulatedPlatform : IDisposable
{
    /// <summary>The default size of the EPC in bytes.</summary>
    public const long DefaultEpcSize = 64L * 1024 * 1024;

    private readonly MachineIdentity machine;
    private readonly Epc epc;

    private SimulatedPlatform(string directory, MachineIdentity machine, Epc epc)
    {
        Directory = directory;
        this.machine = machine;
        this.epc = epc;
    }

    /// <summary>The folder with the machine's identity.</summary>
    public string Directory { get; }

    /// <summary>CPUSVN of the simulated processor, 16 bytes.</summary>
    public ReadOnlyMemory<byte> CpuSvn => machine.CpuSvn;

    /// <summary>The counters of the EPC.</summary>
    public EpcCounters Counters => epc.Counters;

    /// <summary>Opens the machine of a directory; the first use creates it with mode 0700.</summary>
    /// <param name="machineDirectory">The folder with the machine's identity.</param>
    /// <param name="epcSize">Bytes of EPC.</param>
    /// <exception cref="InvalidDataException">The directory holds something else.</exception>
    public static SimulatedPlatform Open(string machineDirectory, long epcSize = DefaultEpcSize) =>
        new(machineDirectory, MachineIdentity.LoadOrCreate(machineDirectory), new Epc(epcSize));

    /// <summary>Loads an enclave and initialises it.</summary>
    /// <remarks>1 ECREATE, EADD and EEXTEND of every page. 2 EINIT: the SIGSTRUCT must verify, and sign what was measured.</remarks>
    /// <param name="image">The pages.</param>
    /// <param name="sigStruct">The vendor's signature.</param>
    /// <exception cref="RefusedException">EINIT refuses the enclave.</exception>
    /// <exception cref="EpcException">The EPC is too small.</exception>
    public SimulatedEnclave Launch(EnclaveImage image, SigStruct sigStruct)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(sigStruct);

        // Step 1: the measurement covers exactly the loaded pages.
        var loaded = epc.CreateEnclave();
        try
        {
            foreach (var page in image.Pages)
            {
                epc.AddPage(loaded, page.Offset, page.Flags, page.Content.Span);
            }
            var measured = image.Measure();

            // Step 2: EINIT.
            var attributes = sigStruct.Attributes with { Flags = sigStruct.Attributes.Flags | AttributeFlags.Init };
            CheckSigStruct(measured, sigStruct);
            return new SimulatedEnclave(machine, epc, loaded, new ReportBody
            {
                CpuSvn = machine.CpuSvn,
                MiscSelect = sigStruct.MiscSelect,
                CetAttributes = sigStruct.CetAttributes,
                IsvExtProdId = sigStruct.IsvExtProdId,
                Attributes = attributes,
                MrEnclave = measured,
                MrSigner = sigStruct.Signer,
                IsvProdId = sigStruct.IsvProdId,
                IsvSvn = sigStruct.IsvSvn,
                IsvFamilyId = sigStruct.IsvFamilyId,
            });
        }
        catch
        {
            epc.Remove(loaded);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => epc.Dispose();

    private static void CheckSigStruct(MrEnclave measured, SigStruct sigStruct)
    {
        if (!sigStruct.Verify())
        {
            throw Refuse("signature", "the SIGSTRUCT's signature is not valid; sign the enclave again");
        }
        if (sigStruct.EnclaveHash != measured)
        {
            throw Refuse(
                "measurement",
                $"the SIGSTRUCT signs {sigStruct.EnclaveHash}, but {measured} was loaded; the program was changed after it was signed");
        }
        if (!sigStruct.Attributes.Flags.HasFlag(AttributeFlags.Mode64Bit))
        {
            throw Refuse("attributes", "the SIGSTRUCT's attributes lack MODE64BIT");
        }
    }

    private static RefusedException Refuse(string part, string detail) =>
        new(SimulationReasons.LaunchRefused.Because(detail, new RefusalLocation(part)));
}
