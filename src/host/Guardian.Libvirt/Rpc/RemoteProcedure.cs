namespace Guardian.Libvirt.Rpc;

/// <summary>
/// The procedures of libvirt's remote program that Guardian inspects or calls (src/remote/remote_protocol.x). Numbers are ABI and never
/// change.
/// </summary>
public enum RemoteProcedure : uint
{
    ConnectOpen = 1,
    ConnectGetVersion = 4,
    DomainCreateXml = 10,
    DomainDefineXml = 11,
    DomainGetXmlDesc = 14,
    DomainSave = 55,
    ConnectGetHostname = 59,
    ConnectSupportsFeature = 60,
    DomainMigratePerform = 62,
    AuthList = 66,
    AuthSaslInit = 67,
    AuthPolkit = 70,
    DomainMigratePrepare2 = 108,
    DomainMigratePrepareTunnel = 148,
    ConnectGetLibVersion = 157,
    DomainAttachDeviceFlags = 160,
    DomainManagedSave = 182,
    DomainSnapshotCreateXml = 185,
    DomainMigrateBegin3 = 213,
    DomainMigratePrepare3 = 214,
    DomainMigratePrepareTunnel3 = 215,
    DomainMigratePerform3 = 216,
    DomainSaveFlags = 232,
    ConnectListAllDomains = 273,
    DomainMigrateBegin3Params = 302,
    DomainMigratePrepare3Params = 303,
    DomainMigratePrepareTunnel3Params = 304,
    DomainMigratePerform3Params = 305,
    DomainCreateXmlWithFiles = 309,
    ConnectDomainEventCallbackRegisterAny = 316,
    DomainEventCallbackLifecycle = 318,
    ConnectGetDomainCapabilities = 342,
    DomainDefineXmlFlags = 350,
    DomainSaveParams = 440,
}
