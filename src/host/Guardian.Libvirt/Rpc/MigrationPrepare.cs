namespace Guardian.Libvirt.Rpc;

/// <summary>
/// The arguments of the calls that announce a migrated guest to its new host (src/remote/remote_protocol.x,
/// remote_domain_migrate_prepare*_args).
/// </summary>
public static class MigrationPrepare
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

    /// <summary>Whether a procedure is one of these calls.</summary>
    public static bool IsPrepare(RemoteProcedure procedure) => procedure
        is RemoteProcedure.DomainMigratePrepare2 or RemoteProcedure.DomainMigratePrepareTunnel
        or RemoteProcedure.DomainMigratePrepare3 or RemoteProcedure.DomainMigratePrepareTunnel3
        or RemoteProcedure.DomainMigratePrepare3Params or RemoteProcedure.DomainMigratePrepareTunnel3Params;

    /// <summary>Reads the guest's definition. Never throws.</summary>
    /// <param name="procedure">The call.</param>
    /// <param name="payload">The call's arguments.</param>
    /// <returns>The definition; null when there is none or more than one, or when the arguments are malformed.</returns>
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
        var hasCookie = procedure is RemoteProcedure.DomainMigratePrepare3 or RemoteProcedure.DomainMigratePrepareTunnel3;
        var hasUri = procedure is RemoteProcedure.DomainMigratePrepare2 or RemoteProcedure.DomainMigratePrepare3;
        return (!hasCookie || reader.TryReadOpaque(MaxString, out _))
            && (!hasUri || reader.TryReadOptionalString(MaxString, out _))
            && reader.TryReadUInt64(out _)
            && reader.TryReadOptionalString(MaxString, out _)
            && reader.TryReadUInt64(out _)
            && reader.TryReadString(MaxString, out var xml) ? xml : null;
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
