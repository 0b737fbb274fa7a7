namespace Automation.Server.Deliveries;

/// <summary>What the deliveries log: ids, destinations without secrets, codes. Never an address, a header or a body.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Error, "An attempt of delivery {Delivery} failed unforeseen: {Exception}")]
    public static partial void AttemptBroke(ILogger logger, string delivery, string exception);

    [LoggerMessage(4001, LogLevel.Debug, "Attempt {Number} of delivery {Delivery} to {Destination} failed: {Code}; next at {Next:u}")]
    public static partial void Retrying(ILogger logger, int number, string delivery, string destination, string? code, DateTimeOffset? next);

    [LoggerMessage(4002, LogLevel.Warning, "Delivery {Delivery} to {Destination} is dead after {Number} attempts: {Code}")]
    public static partial void Dead(ILogger logger, string delivery, string destination, int number, string? code);

    [LoggerMessage(4003, LogLevel.Error, "The result of an attempt of delivery {Delivery} could not be stored; trying again in {Pause}")]
    public static partial void ResultNotStored(ILogger logger, Exception error, string delivery, TimeSpan pause);

    [LoggerMessage(4004, LogLevel.Error, "The result of an attempt of delivery {Delivery} was not stored before the server stopped; the attempt will be made again")]
    public static partial void ResultLost(ILogger logger, string delivery);

    [LoggerMessage(4005, LogLevel.Error, "Due deliveries could not be claimed; trying again in a second")]
    public static partial void ClaimFailed(ILogger logger, Exception error);

    [LoggerMessage(4006, LogLevel.Information, "Deliveries stopped; {Released} untried ones were given back")]
    public static partial void Stopped(ILogger logger, int released);

    [LoggerMessage(4007, LogLevel.Error, "{Count} untried deliveries could not be given back; trying again in {Pause}")]
    public static partial void ReleaseFailed(ILogger logger, Exception error, int count, TimeSpan pause);

    [LoggerMessage(4008, LogLevel.Error, "{Count} untried deliveries were not given back; the next start finds them")]
    public static partial void NotGivenBack(ILogger logger, Exception error, int count);

    [LoggerMessage(4009, LogLevel.Error, "The result of an attempt of delivery {Delivery} was refused by the database and is given up; the delivery is made again after the next start")]
    public static partial void ResultRefused(ILogger logger, Exception error, string delivery);

    [LoggerMessage(4010, LogLevel.Warning, "Delivery {Delivery} is not this server's any more; the result of its attempt here is dropped")]
    public static partial void Superseded(ILogger logger, string delivery);

    [LoggerMessage(4012, LogLevel.Warning, "Endpoint {Endpoint} is disabled: its receiver failed for too long, or is gone; the last with {Code}")]
    public static partial void EndpointDisabled(ILogger logger, string endpoint, string? code);

    [LoggerMessage(4011, LogLevel.Error, "The server stops although the results of {Count} deliveries are not stored; their attempts are made again at the next start")]
    public static partial void StillHeld(ILogger logger, int count);
}
