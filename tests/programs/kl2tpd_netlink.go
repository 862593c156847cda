// SPDX-License-Identifier: BSD-2-Clause
// kl2tpd_netlink.go - the generic netlink of the program in Go, in its poller
//
// A part of kl2tpd.go.
package main

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

const (
	netlinkGeneric = 16
	control        = 16
	getFamily      = 3

	tunnelCreate  = 1
	tunnelDelete  = 2
	tunnelGet     = 4
	sessionCreate = 5
	sessionDelete = 6
	sessionModify = 7
	sessionGet    = 8

	attrPwType        = 1
	attrEncapType     = 2
	attrL2specType    = 5
	attrL2specLen     = 6
	attrProtoVersion  = 7
	attrIfname        = 8
	attrConnID        = 9
	attrPeerConnID    = 10
	attrSessionID     = 11
	attrPeerSessionID = 12
	attrDebug         = 17
	attrFd            = 23
	attrMtu           = 28
)

func attribute(kind uint16, value []byte) []byte {
	octets := make([]byte, (4+len(value)+3)&^3)
	*(*uint16)(unsafe.Pointer(&octets[0])) = uint16(4 + len(value))
	*(*uint16)(unsafe.Pointer(&octets[2])) = kind
	copy(octets[4:], value)
	return octets
}

func u8(kind uint16, value uint8) []byte { return attribute(kind, []byte{value}) }

func u16(kind uint16, value uint16) []byte {
	return attribute(kind, (*[2]byte)(unsafe.Pointer(&value))[:])
}

func u32(kind uint16, value uint32) []byte {
	return attribute(kind, (*[4]byte)(unsafe.Pointer(&value))[:])
}

func find(payload []byte, kind uint16) []byte {
	for at := 4; at+4 <= len(payload); {
		length := int(*(*uint16)(unsafe.Pointer(&payload[at])))
		if length < 4 || at+length > len(payload) {
			break
		}
		if *(*uint16)(unsafe.Pointer(&payload[at+2]))&0x3fff == kind {
			return payload[at+4 : at+length]
		}
		at += (length + 3) &^ 3
	}
	return nil
}

func number(octets []byte) uint32 {
	if len(octets) < 4 {
		return 0
	}
	return *(*uint32)(unsafe.Pointer(&octets[0]))
}

type connection struct {
	lock     sync.Mutex
	file     *os.File
	raw      syscall.RawConn
	port     uint32
	sequence uint32
	family   uint16
}

func dial() (*connection, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC,
		netlinkGeneric)
	if err != nil {
		return nil, err
	}
	if err = syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		syscall.Close(fd)
		return nil, err
	}
	c := &connection{file: os.NewFile(uintptr(fd), "netlink"), port: name.(*syscall.SockaddrNetlink).Pid}
	c.raw, err = c.file.SyscallConn()
	return c, err
}

// receive is one datagram: first how large it is, then itself.
func (c *connection) receive() ([]byte, error) {
	buffer := make([]byte, 4096)
	flags := syscall.MSG_PEEK
	for {
		var got int
		var from syscall.Sockaddr
		var err error
		if e := c.raw.Read(func(fd uintptr) bool {
			got, _, _, from, err = syscall.Recvmsg(int(fd), buffer, nil, flags)
			return err != syscall.EAGAIN
		}); e != nil {
			return nil, e
		}
		if err != nil {
			return nil, err
		}
		if sender, is := from.(*syscall.SockaddrNetlink); !is || sender.Pid != 0 {
			return nil, syscall.EPROTO
		}
		if flags == 0 {
			return buffer[:got], nil
		}
		if got < len(buffer) {
			flags = 0
		} else {
			buffer = make([]byte, 2*len(buffer))
		}
	}
}

// ask sends a request and returns the payloads of the messages that answer it.
func (c *connection) ask(family uint16, command uint8, flags uint16, attributes ...[]byte) ([][]byte, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.sequence++
	message := make([]byte, 20)
	for _, octets := range attributes {
		message = append(message, octets...)
	}
	*(*uint32)(unsafe.Pointer(&message[0])) = uint32(len(message))
	*(*uint16)(unsafe.Pointer(&message[4])) = family
	*(*uint16)(unsafe.Pointer(&message[6])) = syscall.NLM_F_REQUEST | flags
	*(*uint32)(unsafe.Pointer(&message[8])) = c.sequence
	message[16], message[17] = command, 1

	var err error
	if e := c.raw.Write(func(fd uintptr) bool {
		err = syscall.Sendto(int(fd), message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK})
		return err != syscall.EAGAIN
	}); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return c.collect(flags)
}

func (c *connection) collect(flags uint16) ([][]byte, error) {
	var answers [][]byte
	for {
		datagram, err := c.receive()
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(datagram)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if m.Header.Seq != c.sequence || m.Header.Pid != c.port {
				continue
			}
			switch m.Header.Type {
			case syscall.NLMSG_ERROR:
				if code := int32(number(m.Data)); code != 0 {
					return nil, syscall.Errno(-code)
				}
				return answers, nil
			case syscall.NLMSG_DONE:
				return answers, nil
			}
			answers = append(answers, m.Data)
			if flags == 0 {
				return answers, nil
			}
		}
	}
}

func (c *connection) resolve() error {
	answers, err := c.ask(control, getFamily, 0, attribute(2, []byte("l2tp\x00")))
	if err == nil {
		c.family = uint16(find(answers[0], 1)[0]) | uint16(find(answers[0], 1)[1])<<8
	}
	return err
}
