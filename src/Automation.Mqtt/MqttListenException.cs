using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt;

/// <summary>A broker cannot listen on one of its end points; the inner exception says why.</summary>
public sealed class MqttListenException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <param name="reason">Why.</param>
    public MqttListenException(EndPoint endPoint, Exception reason)
        : base($"Cannot listen on {endPoint}: {reason?.Message}", reason) => EndPoint = endPoint;

    /// <summary>The end point.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Whether somebody else listens there, or a file is in the way of a Unix domain socket.</summary>
    public bool IsInUse => InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };
}
