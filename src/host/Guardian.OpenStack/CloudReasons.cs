using Guardian.Refusals;

namespace Guardian.OpenStack;

/// <summary>The reasons for which a cloud does not do what was asked. Details never contain credentials.</summary>
public static class CloudReasons
{
    public static readonly RefusalReason Settings = new(
        "settings", RefusalKind.Invalid, "The settings do not suffice to reach a cloud, or they name the wrong one.");

    public static readonly RefusalReason Unreachable = new(
        "unreachable", RefusalKind.Unavailable, "A service of the cloud does not answer, or is out of order.");

    public static readonly RefusalReason BadAnswer = new(
        "bad-answer", RefusalKind.Unavailable, "A service of the cloud gives an answer that its documentation does not describe.");

    public static readonly RefusalReason Unauthorized = new(
        "unauthorized", RefusalKind.Forbidden, "Keystone does not accept the credentials.");

    public static readonly RefusalReason Forbidden = new(
        "forbidden", RefusalKind.Forbidden, "The cloud does not let this user do it.");

    public static readonly RefusalReason NotFound = new(
        "not-found", RefusalKind.NotFound, "The cloud has no such thing.");

    public static readonly RefusalReason Conflict = new(
        "conflict", RefusalKind.Conflict, "Somebody else changed the thing at the same time, or it exists already, or it is in use.");

    public static readonly RefusalReason OtherHost = new(
        "claimed-elsewhere", RefusalKind.Conflict, "A server has claimed EPC on other hosts, and none on this one.");

    public static readonly RefusalReason NoDefaultQuota = new(
        "no-default-quota", RefusalKind.Conflict, "A project cannot have a quota of its own before all projects have a default.",
        "guardian cloud quota --default MIB");

    public static readonly RefusalReason Refused = new(
        "refused", RefusalKind.Conflict, "A service of the cloud does not take the request.");
}
