namespace Guardian.Simulation.Memory;

/// <summary>Why the processor refuses an access to the EPC.</summary>
public enum EpcFault
{
    /// <summary>No page of this enclave lies at the address.</summary>
    NotMapped,

    /// <summary>The page's permissions do not allow it.</summary>
    Permission,

    /// <summary>All pages are held and none can be written out.</summary>
    OutOfMemory,

    /// <summary>A page that was written out came back altered, exchanged or of an earlier version.</summary>
    Integrity,

    /// <summary>The enclave was removed.</summary>
    Removed,
}

/// <summary>The processor refused an access to the EPC.</summary>
public sealed class EpcException : Exception
{
    /// <param name="fault">Why.</param>
    /// <param name="message">What, where.</param>
    public EpcException(EpcFault fault, string message) : base(message) => Fault = fault;

    /// <summary>Why.</summary>
    public EpcFault Fault { get; }
}
