// SPDX-License-Identifier: Apache-2.0
// Contracts the tests of EVM networks pay with: a plain token, one that keeps a fee of every
// transfer without saying so in its event, two that never move, one that only pretends, and one that
// passes coins on.
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Dollar is ERC20 {
    constructor() ERC20("Test Dollar", "TUSD") {
        _mint(msg.sender, 1e15);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    // Two transfers in one transaction.
    function transferTwice(address to, uint256 first, uint256 second) external {
        _transfer(msg.sender, to, first);
        _transfer(msg.sender, to, second);
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract Taxed is Dollar {
    mapping(address => uint256) private kept;

    // A hundredth is kept of what arrives, while the event tells of the whole.
    function transfer(address to, uint256 amount) public override returns (bool) {
        _transfer(msg.sender, to, amount);
        kept[to] += amount / 100;
        return true;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) - kept[account];
    }
}

contract Frozen is Dollar {
    function transfer(address, uint256) public pure override returns (bool) {
        revert("frozen");
    }
}

contract Unwilling is Dollar {
    // Says no instead of failing, as tokens of before the standard may.
    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }
}

contract Pretender {
    event Transfer(address indexed from, address indexed to, uint256 value);

    // Says what a token would say.
    function pretend(address to, uint256 amount) external {
        emit Transfer(msg.sender, to, amount);
    }

    // The same beside a true transfer, and before it.
    function pretendBeside(Dollar token, address to, uint256 amount) external {
        emit Transfer(msg.sender, to, amount);
        token.mint(to, amount + 1);
    }
}

contract Forwarder {
    function forward(address payable to) external payable {
        (bool paid, ) = to.call{value: msg.value}("");
        require(paid, "not paid");
    }

    function forwardHalves(address payable one, address payable other) external payable {
        (bool paid, ) = one.call{value: msg.value / 2}("");
        (bool paidToo, ) = other.call{value: msg.value / 2}("");
        require(paid && paidToo, "not paid");
    }
}

contract Failing {
    // Pays, and fails afterwards.
    function payAndFail(Dollar token, address to, uint256 amount) external payable {
        token.mint(to, amount);
        (bool paid, ) = to.call{value: msg.value}("");
        require(!paid, "always fails");
    }
}
