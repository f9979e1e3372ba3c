using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;
using Guardian.Refusals;

namespace Guardian.Node.Relay;

/// <summary>Translates a refusal into the error that libvirt's clients understand.</summary>
internal static class RelayErrors
{
    private static readonly Dictionary<RefusalReason, RpcErrorCode> Codes = new()
    {
        [RelayReasons.MalformedDefinition] = RpcErrorCode.XmlDetail,
        [RelayReasons.NoInstance] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.WrongNode] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.UnknownClaim] = RpcErrorCode.OperationFailed,
        [RelayReasons.NoClaim] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.LostClaim] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.TooManyCalls] = RpcErrorCode.OperationFailed,
        [RelayReasons.DoesNotFit] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.CannotAddEpc] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.CannotMoveEpc] = RpcErrorCode.OperationUnsupported,
        [RelayReasons.CannotAddTdx] = RpcErrorCode.ConfigUnsupported,
        [RelayReasons.CannotMoveTdx] = RpcErrorCode.OperationUnsupported,
        [RelayReasons.UnknownGuest] = RpcErrorCode.OperationFailed,
        [RelayReasons.Sasl] = RpcErrorCode.AuthFailed,
    };

    /// <summary>The reasons for which a call is refused.</summary>
    public static IEnumerable<RefusalReason> Reasons => Codes.Keys;

    /// <summary>Makes the error. Clients show its message, so the message names its author.</summary>
    public static RpcError Translate(Refusal refusal) =>
        new(Codes.GetValueOrDefault(refusal.Reason, RpcErrorCode.OperationFailed), $"guardian: {refusal.Detail}");
}
