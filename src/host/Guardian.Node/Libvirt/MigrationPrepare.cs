namespace Guardian.Node.Libvirt;

/// <summary>The arguments of the calls by which a host is told of a guest that will arrive (src/remote/remote_protocol.x, remote_domain_migrate_prepare*_args).</summary>
internal static class MigrationPrepare
{
    private const uint MaxString = 4_194_304;
    private const uint MaxParameters = 64;

    // virTypedParameterType
    private const int TypeInt = 1;
    private const int TypeUInt = 2;
    private const int TypeInt64 = 3;
    private const int TypeUInt64 = 4;
    private const int TypeDouble = 5;
    private const int TypeBoolean = 6;
    private const int TypeString = 7;

    /// <summary>Whether a call is one of them.</summary>
    public static bool Is(RemoteProcedure procedure) => procedure is RemoteProcedure.DomainMigratePrepare2 or RemoteProcedure.DomainMigratePrepareTunnel or RemoteProcedure.DomainMigratePrepare3
        or RemoteProcedure.DomainMigratePrepareTunnel3 or RemoteProcedure.DomainMigratePrepare3Params or RemoteProcedure.DomainMigratePrepareTunnel3Params;

    /// <summary>The definition of the guest; null when there is none, or more than one, or the arguments are malformed. Never throws.</summary>
    // Prepare2:        optional string uri_in | uint64 flags | optional string dname | uint64 resource | string dom_xml
    // PrepareTunnel:                            the same from flags on
    // Prepare3:        opaque cookie_in |       the same from uri_in on
    // PrepareTunnel3:  opaque cookie_in |       the same from flags on
    // Prepare3Params, PrepareTunnel3Params: typed_param params<64> | opaque cookie_in | uint32 flags
    public static string? TryReadXml(RemoteProcedure procedure, ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        if (procedure is RemoteProcedure.DomainMigratePrepare3Params or RemoteProcedure.DomainMigratePrepareTunnel3Params)
        {
            return TryReadParameters(ref reader);
        }
        return (procedure is RemoteProcedure.DomainMigratePrepare2 or RemoteProcedure.DomainMigratePrepareTunnel || reader.TryReadOpaque(MaxString, out _))
            && (procedure is RemoteProcedure.DomainMigratePrepareTunnel or RemoteProcedure.DomainMigratePrepareTunnel3 || reader.TryReadOptionalString(MaxString, out _))
            && reader.TryReadUInt64(out _) && reader.TryReadOptionalString(MaxString, out _) && reader.TryReadUInt64(out _) && reader.TryReadString(MaxString, out var xml) ? xml : null;
    }

    // typed_param: string field | int type | the value
    private static string? TryReadParameters(ref XdrReader reader)
    {
        var definitions = new List<string>();
        if (!reader.TryReadUInt32(out var count) || count > MaxParameters)
        {
            return null;
        }
        for (var i = 0; i < count; i++)
        {
            var text = "";
            if (!reader.TryReadString(MaxString, out var field) || !reader.TryReadInt32(out var type) || !(type switch
            {
                TypeInt or TypeUInt or TypeBoolean => reader.TryReadUInt32(out _),
                TypeInt64 or TypeUInt64 or TypeDouble => reader.TryReadUInt64(out _),
                TypeString => reader.TryReadString(MaxString, out text),
                _ => false,
            }))
            {
                return null;
            }
            if (field == "destination_xml")
            {
                definitions.Add(text);
            }
        }
        return definitions is [var xml] ? xml : null;
    }
}
