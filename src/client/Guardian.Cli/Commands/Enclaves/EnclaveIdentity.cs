using System.Text.Json.Serialization;
using Guardian.Cli.Inputs;

namespace Guardian.Cli.Commands.Enclaves;

/// <summary>The identity of an enclave, as its file states it. Values of a signature are null in a file without one.</summary>
internal record EnclaveIdentity
{
    internal EnclaveIdentity(EnclaveFile enclave)
    {
        Kind = enclave.Kind;
        MrEnclave = enclave.MrEnclave.ToString();
        MrSigner = enclave.SigStruct?.Signer.ToString();
        IsvProdId = enclave.SigStruct?.IsvProdId;
        IsvSvn = enclave.SigStruct?.IsvSvn;
    }

    [JsonPropertyOrder(-1)]
    public string Kind { get; }

    [JsonPropertyOrder(-1)]
    public string MrEnclave { get; }

    [JsonPropertyOrder(-1)]
    public string? MrSigner { get; }

    [JsonPropertyOrder(-1)]
    public ushort? IsvProdId { get; }

    [JsonPropertyOrder(-1)]
    public ushort? IsvSvn { get; }
}
