using System.Buffers.Binary;
using System.Globalization;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
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
        var version = fields.ReadNumber("version", 3);
        if (version is not (2 or 3))
        {
            throw new FormatException($"TCB info of version {version}; versions 2 and 3 are read");
        }
        var id = version == 2 ? "SGX" : fields.ReadText("id");
        var tee = id switch
        {
            "SGX" => TeeType.Sgx,
            "TDX" => TeeType.Tdx,
            _ => throw new FormatException($"'id' is SGX or TDX, not '{id}'"),
        };
        if (fields.ReadNumber("tcbType", int.MaxValue) != 0)
        {
            throw new FormatException("'tcbType' is not 0: its rule for comparing levels is unknown here");
        }
        return new TcbInfo
        {
            Tee = tee,
            IssueDate = fields.ReadTime("issueDate"),
            NextUpdate = fields.ReadTime("nextUpdate"),
            Fmspc = fields.ReadHex("fmspc", 6),
            PceId = fields.ReadHex("pceId", 2),
            EvaluationDataNumber = fields.ReadNumber("tcbEvaluationDataNumber", int.MaxValue),
            Levels = [.. fields.ReadObjects("tcbLevels").Select(level => ReadPlatformLevel(level, version, tee))],
            TdxModule = tee == TeeType.Tdx ? ReadModule(fields.ReadObject("tdxModule"), "") : null,
            TdxModuleIdentities = tee == TeeType.Tdx && fields.Has("tdxModuleIdentities")
                ? [.. fields.ReadObjects("tdxModuleIdentities").Select(module => ReadModule(module, module.ReadText("id")))]
                : [],
        };
    }

    public static EnclaveIdentity ReadEnclaveIdentity(JsonFields fields)
    {
        if (fields.ReadNumber("version", int.MaxValue) != 2)
        {
            throw new FormatException("the enclave identity is not of version 2");
        }
        return new EnclaveIdentity
        {
            Id = fields.ReadText("id"),
            IssueDate = fields.ReadTime("issueDate"),
            NextUpdate = fields.ReadTime("nextUpdate"),
            EvaluationDataNumber = fields.ReadNumber("tcbEvaluationDataNumber", int.MaxValue),
            Levels = ReadIsvSvnLevels(fields),
            Expected = new QuotingEnclaveIdentity(
                MrSigner.Read(fields.ReadHex("mrsigner", 32)),
                (ushort)fields.ReadNumber("isvprodid", ushort.MaxValue),
                // The TCB levels rank the versions; the identity itself sets no minimum.
                MinimumIsvSvn: 0,
                EnclaveAttributes.Read(fields.ReadHex("attributes", 16)),
                EnclaveAttributes.Read(fields.ReadHex("attributesMask", 16)),
                BinaryPrimitives.ReadUInt32LittleEndian(fields.ReadHex("miscselect", 4)),
                BinaryPrimitives.ReadUInt32LittleEndian(fields.ReadHex("miscselectMask", 4))),
        };
    }

    private static PlatformLevel ReadPlatformLevel(JsonFields level, int version, TeeType tee)
    {
        var tcb = level.ReadObject("tcb");
        var sgx = version == 2
            ? ReadComponentsOfVersion2(tcb)
            : tcb.ReadBytes("sgxtcbcomponents", "svn", PckExtension.ComponentCount);
        var tdx = tee == TeeType.Tdx
            ? tcb.ReadBytes("tdxtcbcomponents", "svn", PckExtension.ComponentCount)
            : default(ReadOnlyMemory<byte>?);
        return new PlatformLevel(sgx, tcb.ReadNumber("pcesvn", ushort.MaxValue), tdx, ReadLevel(level))
        {
            SgxNames = version == 2 ? [] : ReadNames(tcb, "sgxtcbcomponents"),
            TdxNames = tee == TeeType.Tdx ? ReadNames(tcb, "tdxtcbcomponents") : [],
        };
    }

    // For people alone: only some components have a type, such as "SGX Late Microcode Update", or a category, such as "BIOS".
    private static List<string> ReadNames(JsonFields tcb, string components) =>
    [
        .. tcb.ReadObjects(components).Select(each => each.ReadOptionalText("type") is { Length: > 0 } type
            ? type : each.ReadOptionalText("category")),
    ];

    private static byte[] ReadComponentsOfVersion2(JsonFields tcb) =>
    [
        .. Enumerable.Range(1, PckExtension.ComponentCount)
            .Select(i => (byte)tcb.ReadNumber(string.Create(CultureInfo.InvariantCulture, $"sgxtcbcomp{i:D2}svn"), byte.MaxValue)),
    ];

    private static TdxModuleIdentity ReadModule(JsonFields module, string id) => new(
        id, module.ReadHex("mrsigner", 48), module.ReadHex("attributes", 8), module.ReadHex("attributesMask", 8),
        id.Length > 0 ? ReadIsvSvnLevels(module) : []);

    private static List<IsvSvnLevel> ReadIsvSvnLevels(JsonFields fields) =>
    [
        .. fields.ReadObjects("tcbLevels")
            .Select(level => new IsvSvnLevel(level.ReadObject("tcb").ReadNumber("isvsvn", ushort.MaxValue), ReadLevel(level))),
    ];

    private static TcbLevel ReadLevel(JsonFields level) => new(
        // An unknown status could mean anything.
        Statuses.TryGetValue(level.ReadText("tcbStatus"), out var status)
            ? status
            : throw new FormatException($"TCB status '{level.ReadText("tcbStatus")}' is not known"),
        level.ReadTime("tcbDate"),
        level.ReadOptionalTexts("advisoryIDs"));
}
