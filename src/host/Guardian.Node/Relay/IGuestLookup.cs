using Guardian.Libvirt.Rpc;

namespace Guardian.Node.Relay;

/// <summary>The reason for which a guest cannot leave its processor.</summary>
internal enum GuestKind
{
    /// <summary>Nothing: it can be saved and moved, or it does not run.</summary>
    Plain,

    /// <summary>It has EPC.</summary>
    Epc,

    /// <summary>It is a TDX guest.</summary>
    Tdx,
}

/// <summary>Looks up whether a guest can leave its processor.</summary>
internal interface IGuestLookup
{
    /// <summary>Finds a guest's kind; null when libvirt does not answer. Takes a limited time and never throws.</summary>
    Task<GuestKind?> FindKindAsync(GuestName guest, string connectionUri);
}
