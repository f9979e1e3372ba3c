namespace Guardian.Simulation.Memory;

/// <summary>The causes of a fault of the EPC.</summary>
public enum EpcFault
{
    /// <summary>No page of this enclave lies at the address.</summary>
    NotMapped,

    /// <summary>The page's permissions do not allow the access.</summary>
    Permission,

    /// <summary>All pages are in use and none can be written out.</summary>
    OutOfMemory,

    /// <summary>A page that was written out came back altered, exchanged or of an earlier version.</summary>
    Integrity,

    /// <summary>The enclave was removed.</summary>
    Removed,
}

/// <summary>An access to the EPC faulted, as on a processor.</summary>
public sealed class EpcException : Exception
{
    /// <param name="fault">The cause.</param>
    /// <param name="message">The cause and the address, for people.</param>
    public EpcException(EpcFault fault, string message) : base(message) => Fault = fault;

    /// <summary>The cause.</summary>
    public EpcFault Fault { get; }
}
