using System.Buffers.Binary;
using System.Globalization;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Attestation.Collateral;

/// <summary>Reads the members of Intel's signed documents.</summary>
internal static class CollateralReader
{
    private static readonly Dictionary<string, TcbStatus> Statuses = new[]
    {
        TcbStatus.UpToDate, TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded, TcbStatus.ConfigurationAndSWHardeningNeeded,
        TcbStatus.OutOfDate, TcbStatus.OutOfDateConfigurationNeeded, TcbStatus.Revoked,
    }.ToDictionary(status => status.ToString());

    public static TcbInfo ReadTcbInfo(JsonFields fields)
    {
        var version = fields.Number("version", 3);
        if (version is not (2 or 3))
        {
            throw new FormatException($"TCB info of version {version}; versions 2 and 3 are read");
        }
        var id = version == 2 ? "SGX" : fields.Text("id");
        var tee = id switch
        {
            "SGX" => TeeType.Sgx,
            "TDX" => TeeType.Tdx,
            _ => throw new FormatException($"'id' is SGX or TDX, not '{id}'"),
        };
        if (fields.Number("tcbType", int.MaxValue) != 0)
        {
            throw new FormatException("'tcbType' other than 0: levels would be compared in a way that is not known here");
        }
        return new TcbInfo
        {
            Tee = tee,
            IssueDate = fields.Time("issueDate"),
            NextUpdate = fields.Time("nextUpdate"),
            Fmspc = fields.Hex("fmspc", 6),
            PceId = fields.Hex("pceId", 2),
            EvaluationDataNumber = fields.Number("tcbEvaluationDataNumber", int.MaxValue),
            Levels = [.. fields.Objects("tcbLevels").Select(level => ReadPlatformLevel(level, version, tee))],
            TdxModule = tee == TeeType.Tdx ? ReadModule(fields.Object("tdxModule"), "") : null,
            TdxModuleIdentities = tee == TeeType.Tdx && fields.Has("tdxModuleIdentities")
                ? [.. fields.Objects("tdxModuleIdentities").Select(module => ReadModule(module, module.Text("id")))]
                : [],
        };
    }

    public static EnclaveIdentity ReadEnclaveIdentity(JsonFields fields)
    {
        if (fields.Number("version", int.MaxValue) != 2)
        {
            throw new FormatException("the enclave identity is not of version 2");
        }
        return new EnclaveIdentity
        {
            Id = fields.Text("id"),
            IssueDate = fields.Time("issueDate"),
            NextUpdate = fields.Time("nextUpdate"),
            EvaluationDataNumber = fields.Number("tcbEvaluationDataNumber", int.MaxValue),
            Levels = ReadIsvSvnLevels(fields),
            Expected = new QuotingEnclaveIdentity(
                MrSigner.Read(fields.Hex("mrsigner", 32)),
                (ushort)fields.Number("isvprodid", ushort.MaxValue),
                // Which version is how good is said by the levels.
                MinimumIsvSvn: 0,
                EnclaveAttributes.Read(fields.Hex("attributes", 16)),
                EnclaveAttributes.Read(fields.Hex("attributesMask", 16)),
                BinaryPrimitives.ReadUInt32LittleEndian(fields.Hex("miscselect", 4)),
                BinaryPrimitives.ReadUInt32LittleEndian(fields.Hex("miscselectMask", 4))),
        };
    }

    private static PlatformLevel ReadPlatformLevel(JsonFields level, int version, TeeType tee)
    {
        var tcb = level.Object("tcb");
        var sgx = version == 2
            ? [.. Enumerable.Range(1, PckExtension.ComponentCount)
                .Select(i => (byte)tcb.Number(string.Create(CultureInfo.InvariantCulture, $"sgxtcbcomp{i:D2}svn"), byte.MaxValue))]
            : tcb.Bytes("sgxtcbcomponents", "svn", PckExtension.ComponentCount);
        return new PlatformLevel(
            sgx, tcb.Number("pcesvn", ushort.MaxValue), tee == TeeType.Tdx
                ? tcb.Bytes("tdxtcbcomponents", "svn", PckExtension.ComponentCount)
                : default(ReadOnlyMemory<byte>?), ReadLevel(level));
    }

    private static TdxModuleIdentity ReadModule(JsonFields module, string id) => new(
        id, module.Hex("mrsigner", 48), module.Hex("attributes", 8), module.Hex("attributesMask", 8), id.Length > 0
            ? ReadIsvSvnLevels(module)
            : []);

    private static List<IsvSvnLevel> ReadIsvSvnLevels(JsonFields fields) =>
        [.. fields.Objects("tcbLevels").Select(
            level => new IsvSvnLevel(level.Object("tcb").Number("isvsvn", ushort.MaxValue), ReadLevel(level)))];

    private static TcbLevel ReadLevel(JsonFields level) => new(
        // A status that is not known could mean anything.
        Statuses.TryGetValue(level.Text("tcbStatus"), out var status)
            ? status
            : throw new FormatException($"TCB status '{level.Text("tcbStatus")}' is not known"),
        level.Time("tcbDate"),
        level.OptionalTexts("advisoryIDs"));
}
